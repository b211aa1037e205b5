# SPDX-License-Identifier: Apache-2.0
"""Nets of ops that move values: several outputs, shared inputs and constants, states.

The case tables show each op alone; here the compiler's parts meet: arrays of pointers, values
that nobody reads, outputs that rename, the self-test's line per output.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cases._case import Net, quant
from device._nets import M4
from iseul.compile import compile_graph
from iseul.device.verify import verify_package
from iseul.graph.interpret import interpret_samples
from iseul.graph.passes._order import run_passes
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Graph


def several_outputs() -> Graph:
    """A split of which one output leaves the graph and one is read by nobody."""
    net = Net("several outputs")
    x = net.int8((1, 4, 6, 3))
    left, lost, right = net.outputs_of(net.node("split", [x], axis=2, sizes=(2, 1, 3)))
    assert net.values[lost].shape == (1, 4, 1, 3)
    rows = net.outputs_of(net.node("unpack", [left], axis=1))
    y = net.node("pack", [rows[3], rows[0], rows[3]], axis=2)
    return net.graph([right, net.node("relu", [y]), rows[1]], "quantized")


def shared_constants() -> Graph:
    """One constant twice in one node and in another, one input twice."""
    net = Net("shared constants")
    x = net.int8((1, 3, 4), 0.05, 0)
    c = net.constant("c", net.random.integers(-128, 128, (1, 3, 2)).astype(np.int8), quant=X)
    y = net.node("concatenation", [c, x, c, x], axis=2)
    z = net.node("concatenation", [net.node("transpose", [y], perm=(0, 2, 1)), _tall(net)], axis=1)
    return net.graph([z, net.node("concatenation", [c, c], axis=1)], "quantized")


X = quant(0.05, 0)


def _tall(net: Net) -> str:
    data = net.random.integers(-128, 128, (1, 2, 3)).astype(np.int8)
    return net.constant("tall", data, quant=X)


def words() -> Graph:
    """Rows of a table by computed indices, beside floats of other sizes."""
    net = Net("words")
    ids = net.input("ids", (1, 5), "int32")
    image = net.input("image", (1, 2, 3, 2))
    rows = net.node("gather", [net.reals("table", (7, 4)), ids], axis=0)
    big = net.node("resize_bilinear", [image], size=(4, 5), coordinates="half_pixel")
    near = net.node("resize_nearest", [big], size=(2, 5))
    flat = net.node("reshape", [near], shape=(1, 5, 4))
    blocks = net.node("depth_to_space", [net.node("space_to_depth", [big], block=1)], block=1)
    return net.graph([net.node("add", [rows, flat]), blocks], "float")


def stream() -> Graph:
    """The last four frames as a state: a slice drops the oldest, a concatenation adds the new."""
    net = Net("stream")
    x = net.int8((1, 1, 3), 0.05, 0)
    past = net.state("past", np.zeros((1, 4, 3), np.int8), X)
    kept = net.node("slice", [past], begin=(0, 1, 0), size=(1, 3, 3))
    now = net.node("concatenation", [kept, x], axis=1)
    net.next_state(past, now)
    turned = net.node("transpose", [now], perm=(0, 2, 1))
    return net.graph([net.node("mirror_pad", [turned], pads=((0, 0), (1, 0), (2, 3)))], "quantized")


NETS: dict[str, Callable[[], Graph]] = {
    made.__name__: made for made in (several_outputs, shared_constants, words, stream)
}


@pytest.mark.parametrize("passes", [False, True])
@pytest.mark.parametrize("net", NETS)
def test_all_judges_agree(net: str, passes: bool) -> None:
    graph, board = NETS[net](), load_target(M4)
    random = np.random.default_rng(5)
    inputs = []
    for name in graph.inputs:
        value = graph.values[name]
        shape = (6, *value.shape)
        if value.is_float:
            inputs.append(random.normal(size=shape).astype(np.float32))
        else:
            low, high = (0, 7) if value.dtype == "int32" else (-128, 128)
            inputs.append(random.integers(low, high, shape).astype(value.dtype))
    package = compile_graph(run_passes(graph, board) if passes else graph, board)
    verdict = verify_package(package, inputs, stateful=bool(graph.states))
    assert verdict["equal"], verdict["first_difference"]
    assert verdict["selftests"] == {"host": 0, "cortex_m": 0}


def test_a_stream_carries_its_frames_on() -> None:
    graph = stream()
    x = np.arange(1, 19, dtype=np.int8).reshape(6, 1, 1, 3)
    out = interpret_samples(graph, [x], stateful=True).outputs[0]  # (6, 1, 4, 9)
    assert out[5, 0, 1, 2:6].tolist() == [7, 10, 13, 16]
