# SPDX-License-Identifier: Apache-2.0
"""Judges over the case tables of all ops: the generated C on the host and on emulated chips.

The host runs every case. A Cortex-M4 runs all cases of ops that have kernels of its own
instruction set, which no other judge can run; of the others, whose C the host has judged, every
third, and all of them with `--all`. A Cortex-M55 in QEMU runs the cases that its own kernels
fit.
"""

from __future__ import annotations

from typing import Any

import pytest

from cases import OPS, Case, cases_of
from device._boards import M55, WITH_QEMU
from device._nets import M4, assert_case
from iseul.compile import compile_graph
from iseul.compile.select import KERNELS
from iseul.core import registry
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

BOARD_OF = {"host": "host", "cortex_m": M4, "qemu": M55}
HELIUM = "armv81m-mve"


def _fits_helium(case: Case) -> bool:
    graph = case.graph()
    return any(
        card.isa == HELIUM and card.misfit(node.attrs, graph.io(node)) is None
        for node in graph.nodes
        for card in registry.load(KERNELS, node.op).CARDS
    )


def _chosen() -> list[Any]:
    """(case, judge) of all cases; those that need `--all` are marked."""
    found = []
    for op in OPS:
        sets = {card.isa for card in registry.load(KERNELS, op).CARDS}
        own = bool(sets - {"c", HELIUM})
        for i, case in enumerate(cases_of(op)):
            found.append(pytest.param(case, "host", id=f"{case.name}-host"))
            marks = [] if own or i % 3 == 0 else [pytest.mark.slow]
            found.append(pytest.param(case, "cortex_m", id=f"{case.name}-cortex_m", marks=marks))
            if HELIUM in sets and _fits_helium(case):
                found.append(pytest.param(case, "qemu", id=f"{case.name}-qemu", marks=WITH_QEMU))
    return found


@pytest.mark.parametrize(("case", "judge"), _chosen())
def test_case(case: Case, judge: str) -> None:
    if judge in case.skips:
        pytest.skip(case.skips[judge])
    graph = case.graph()
    inputs = case.inputs(graph)
    package = compile_graph(graph, load_target(BOARD_OF[judge]))
    got = registry.load("iseul.device.runners", judge).run(package, inputs, stateful=True).outputs
    want = interpret_samples(graph, inputs, stateful=True).outputs
    assert_case(case, got, want)
