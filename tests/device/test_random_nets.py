# SPDX-License-Identifier: Apache-2.0
"""Properties of 200 random nets: the planned arena is the painted one, and all judges agree."""

from __future__ import annotations

import pytest

from device._nets import M4
from device._random_nets import random_net
from iseul.compile import compile_graph
from iseul.core.errors import ToolError
from iseul.device._toolchain import find_arm_compiler
from iseul.device.measure import profile_package
from iseul.device.verify import random_inputs, verify_package
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

FEW, MANY = 10, 200
BLOCK = 10


@pytest.mark.parametrize("seed", range(FEW))
def test_planned_bytes_are_the_bytes_used(seed: int) -> None:
    _check(seed)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(FEW, MANY, BLOCK))
def test_planned_bytes_are_the_bytes_used_by_many(first: int) -> None:
    for seed in range(first, first + BLOCK):
        _check(seed)


def _check(seed: int) -> None:
    try:
        find_arm_compiler()
    except ToolError as error:
        pytest.skip(str(error))
    board = load_target(M4)
    graph = run_passes(random_net(seed), board)
    package = compile_graph(graph, board)
    ram = profile_package(package)["ram"]
    assert ram["arena_touched_bytes"] == ram["arena_bytes"] == package.plan.arena_bytes
    assert ram["arena_lower_bound_bytes"] <= ram["arena_bytes"]
    assert verify_package(package, random_inputs(graph, 2, seed))["equal"]
