# SPDX-License-Identifier: Apache-2.0
"""Two judges over the case tables of all ops: the generated C on the host and on a Cortex-M4.

The host runs every case. The chip runs all cases of ops that have kernels of its own instruction
set, which no other judge can run; of the others, whose C the host has judged, every third, and
all of them with `--all`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cases import OPS, Case, cases_of
from device._nets import M4
from iseul.compile import compile_graph
from iseul.compile.select import KERNELS
from iseul.core import registry
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

BOARD_OF = {"host": "host", "cortex_m": M4}


def _chosen() -> list[Any]:
    """(case, judge) of all cases; those that need `--all` are marked."""
    found = []
    for op in OPS:
        own = any(card.isa != "c" for card in registry.load(KERNELS, op).CARDS)
        for i, case in enumerate(cases_of(op)):
            found.append(pytest.param(case, "host", id=f"{case.name}-host"))
            marks = [] if own or i % 3 == 0 else [pytest.mark.slow]
            found.append(pytest.param(case, "cortex_m", id=f"{case.name}-cortex_m", marks=marks))
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
    for a, b in zip(got, want, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=0, atol=case.tolerance)
        else:
            np.testing.assert_array_equal(a, b)
