# SPDX-License-Identifier: Apache-2.0
"""The case tables of all ops on the other emulated cores: RISC-V, Cortex-M55, Cortex-M0+.

As `test_cases.py`, which runs them on the host and on a Cortex-M4; here with `--all` only.
"""

from __future__ import annotations

import pytest

from cases import all_cases
from device._boards import C3, IN_QEMU
from device._nets import assert_case
from iseul.compile import compile_graph
from iseul.core import registry
from iseul.device import RUNNERS, runner_of
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("board", [C3, IN_QEMU, "nucleo-g0b1re"])
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case(case, board):
    target = load_target(board)
    for judge in (runner_of(target), "cortex_m"):
        if judge in case.skips:
            pytest.skip(case.skips[judge])
    graph = case.graph()
    inputs = case.inputs(graph)
    package = compile_graph(graph, target)
    got = registry.load(RUNNERS, runner_of(target)).run(package, inputs, stateful=True).outputs
    want = interpret_samples(graph, inputs, stateful=True).outputs
    assert_case(case, got, want)
