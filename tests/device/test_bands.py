# SPDX-License-Identifier: Apache-2.0
"""Groups of nodes by bands of rows in C: whatever is grouped, all judges agree to the bit, and the
planned arena is the painted one.
"""

from __future__ import annotations

from random import Random

import pytest

from cases._chains import random_chain
from iseul.compile import compile_graph
from iseul.compile.bands import is_closed
from iseul.compile.fuse import Fused, Search, with_groups
from iseul.compile.lower import Lowered
from iseul.core.errors import ToolError
from iseul.device._toolchain import find_arm_compiler
from iseul.device.measure import profile_package
from iseul.device.verify import random_inputs, verify_package
from iseul.targets import load_target

FEW, MANY = 4, 60


def any_groups(lowered: Lowered, seed: int) -> Lowered:
    """Random groups that do not touch each other, with bands of random heights."""
    draw, search = Random(seed), Search(lowered)
    found: list[Fused] = []
    first = 0
    while first < len(search.nodes):
        ways = []
        for last in range(first + 1, len(search.nodes)):
            if any(walk is None for walk in search.walks[first : last + 1]):
                break
            if is_closed(lowered.graph, search.nodes[first : last + 1]):
                ways.append((last, search.group(first, last, draw.randint(1, 4))))
        made = [(last, fused) for last, fused in ways if fused is not None]
        if made:
            last, fused = draw.choice(made)
            found.append(fused)
            first = last
        first += 1
    return with_groups(lowered, found)


def check(seed: int, board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = load_target(board)
    monkeypatch.setattr("iseul.compile.lower.fuse", lambda lowered, goal: any_groups(lowered, seed))
    graph = random_chain(seed)
    package = compile_graph(graph, target)
    assert any(len(step.parts) > 1 for step in package.steps)
    inputs = random_inputs(graph, 3, seed)
    verdict = verify_package(package, inputs, origin=graph)
    assert verdict["equal"], verdict["first_difference"]
    assert set(verdict["selftests"].values()) == {0}
    profile = profile_package(package)
    ram = profile["ram"]
    assert ram["arena_touched_bytes"] == ram["arena_bytes"] == package.plan.arena_bytes
    assert 0 <= package.constant_bytes - profile["flash"]["constant_bytes"] <= 3
    fused = [node["fused"] for node in profile["nodes"] if "fused" in node]
    assert sum(map(len, fused)) == sum(len(s.parts) for s in package.steps if len(s.parts) > 1)


@pytest.mark.parametrize("seed", range(FEW))
def test_any_groups(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    _compiler()
    check(seed, "nucleo-l4r5zi", monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "nucleo-g0b1re", "mps3-an547"])
@pytest.mark.parametrize("seed", range(FEW, MANY))
def test_any_groups_of_many(seed: int, board: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _compiler()
    check(seed, board, monkeypatch)


def _compiler() -> None:
    try:
        find_arm_compiler()
    except ToolError as error:
        pytest.skip(str(error))
