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
from iseul.compile.lower import lower
from iseul.core import registry
from iseul.device import RUNNERS, runner_of
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

M0 = "nucleo-g0b1re"
BOARDS = (M0, C3)
OPS = ("conv2d", "depthwise_conv2d", "fully_connected")


def _chosen():
    """Cases whose node gets such a kernel on one of the boards, in turns."""
    found = []
    for op in OPS:
        for i, case in enumerate(cases_of(op)):
            board = BOARDS[i % 2]
            cards = lower(case.graph(), load_target(board), "speed").cards.values()
            if any(card.isa == "mul32" for card in cards):
                found.append(pytest.param(case, board, id=f"{case.name}-{board}"))
    return found


@pytest.mark.parametrize(("case", "board"), _chosen())
def test_case(case, board):
    graph, target = case.graph(), load_target(board)
    inputs = case.inputs(graph)
    package = compile_graph(graph, target)
    assert any("mul32" in step.kernel for step in package.steps)
    got = registry.load(RUNNERS, runner_of(target)).run(package, inputs, stateful=True).outputs
    want = interpret_samples(graph, inputs, stateful=True).outputs
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)
