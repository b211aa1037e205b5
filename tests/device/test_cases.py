# SPDX-License-Identifier: Apache-2.0
"""Two judges over the case tables of all ops: the generated C on the host and on a Cortex-M4."""

from __future__ import annotations

import numpy as np
import pytest

from cases import all_cases
from device._nets import M4
from iseul.compile import compile_graph
from iseul.core import registry
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

BOARD_OF = {"host": "host", "cortex_m": M4}


@pytest.mark.parametrize("judge", BOARD_OF)
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case(case, judge):
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
