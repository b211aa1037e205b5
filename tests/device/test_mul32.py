# SPDX-License-Identifier: Apache-2.0
"""Kernels for cores that multiply one pair of words at a time, on two such cores in turns.

`test_cases_everywhere.py` runs all cases of all ops there, with `--all`.
"""

from __future__ import annotations

import numpy as np
import pytest

from cases import cases_of
from device._boards import C3
from iseul.compile import compile_graph
from iseul.core import registry
from iseul.device import RUNNERS, runner_of
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

M0 = "nucleo-g0b1re"
BOARDS = (M0, C3)
OPS = ("conv2d", "depthwise_conv2d", "fully_connected")


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("op", OPS)
def test_cases(op: str, board: str) -> None:
    """Cases whose node gets such a kernel on a board; the two boards share them."""
    target = load_target(board)
    tried = 0
    for case in cases_of(op)[BOARDS.index(board) :: len(BOARDS)]:
        graph = case.graph()
        package = compile_graph(graph, target)
        if not any("mul32" in step.kernel for step in package.steps):
            continue
        tried += 1
        inputs = case.inputs(graph)
        got = registry.load(RUNNERS, runner_of(target)).run(package, inputs, stateful=True).outputs
        want = interpret_samples(graph, inputs, stateful=True).outputs
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=case.name)
    assert tried >= 8
