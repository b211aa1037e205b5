# SPDX-License-Identifier: Apache-2.0
"""The generated C on the host: outputs, traced values, many samples, bad input."""

from __future__ import annotations

import numpy as np
import pytest

from device._nets import NETS, equal, package, samples
from iseul.core.errors import ShapeError, ToolError, UsageError
from iseul.device.runners import host
from iseul.graph.interpret import interpret_samples


def test_available():
    assert host.available() is None


def test_unavailable_says_why(monkeypatch):
    def none(prefer=None):
        raise ToolError("there is no C compiler", "apt-get install gcc")

    monkeypatch.setattr(host, "find_host_compiler", none)
    assert "apt-get install gcc" in (host.available() or "")


@pytest.mark.parametrize("net", NETS)
def test_every_value_is_the_oracles(net):
    packed = package(net)
    graph = packed.graph
    inputs = samples(graph, 70)
    names = [name for node in graph.nodes for name in node.outputs]
    want = interpret_samples(graph, inputs, keep=names)
    got = host.run(packed, inputs, trace=names)
    assert set(got.values) == set(names)
    for name in names:
        assert equal(got.values[name], want.values[name]), name
    for a, b in zip(got.outputs, want.outputs, strict=True):
        assert equal(a, b)


def test_trace_does_not_change_outputs_and_inputs_can_be_traced():
    packed = package("chain")
    inputs = samples(packed.graph, 9)
    plain = host.run(packed, inputs)
    assert plain.values == {}
    traced = host.run(packed, inputs, trace=packed.graph.inputs)
    assert equal(traced.values["image"], inputs[0])
    assert equal(plain.outputs[0], traced.outputs[0])


def test_samples_do_not_see_each_other():
    packed = package("residual")
    inputs = samples(packed.graph, 5)
    together = host.run(packed, inputs).outputs[0]
    for i in range(5):
        assert equal(host.run(packed, [inputs[0][i : i + 1]]).outputs[0], together[i : i + 1])


def test_no_samples():
    packed = package("dense")
    outputs = host.run(packed, samples(packed.graph, 0)).outputs
    assert outputs[0].shape == (0, 1, 40)


def test_bad_input_is_named():
    packed = package("dense")
    with pytest.raises(ShapeError, match="must be int8"):
        host.run(packed, [np.zeros((3, 1, 40), np.float32)])
    with pytest.raises(ShapeError, match="has 1 inputs"):
        host.run(packed, [])
    with pytest.raises(UsageError, match='no value "nowhere"'):
        host.run(packed, samples(packed.graph, 1), trace=["nowhere"])


def test_selftest_passes():
    packed = package("chain")
    assert host.selftest(packed) == 0
