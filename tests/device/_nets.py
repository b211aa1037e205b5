# SPDX-License-Identifier: Apache-2.0
"""Small quantized nets for the device tests, with random weights drawn from their own name."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from cases._case import Net, balanced, quant
from iseul.compile import compile_graph
from iseul.targets import load_target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cases._case import Case
    from iseul.compile import Package
    from iseul.graph.ir import Graph
    from iseul.numerics import Array

M4 = "nucleo-l4r5zi"
BOARDS = ("nucleo-g0b1re", M4, "nucleo-h743zi", "nucleo-u575zi-q")
ACTIVATION = quant(0.05, -3)


def _conv(net: Net, x: str, channels: int, kernel: int, **attrs: Any) -> str:
    c_in = net.values[x].shape[3]
    w = net.weights((channels, kernel, kernel, c_in), 0)
    out = quant(balanced(kernel * kernel * c_in), -3)
    pads = (kernel // 2,) * 4
    return net.node("conv2d", [x, w, net.bias(channels)], quant=out, pads=pads, **attrs)


def _depthwise(net: Net, x: str, **attrs: Any) -> str:
    c = net.values[x].shape[3]
    w = net.weights((1, 3, 3, c), 3)
    pads = (1, 1, 1, 1)
    out = quant(balanced(9), -3)
    return net.node("depthwise_conv2d", [x, w, net.bias(c)], quant=out, pads=pads, **attrs)


def _dense(net: Net, x: str, n: int, **attrs: Any) -> str:
    n_in = net.values[x].n_elements
    w = net.weights((n, n_in), 0)
    return net.node("fully_connected", [x, w, net.bias(n)], quant=quant(balanced(n_in), 4), **attrs)


def every_int8_op() -> Graph:
    """One node or more of every op that has an int8 meaning."""
    net = Net("every_int8_op")
    image = net.int8((1, 12, 10, 3), 1 / 255, -128, name="image")
    x = net.node("quantize", [image], quant=ACTIVATION)
    x = first = _conv(net, x, 8, 3, stride=(2, 2), activation="relu")
    x = _depthwise(net, x)
    x = net.node("add", [x, first], quant=quant(0.08, 1), activation="relu6")
    x = net.node("pad", [x], pads=((0, 0), (0, 0), (0, 1), (0, 0)))
    x = net.node("max_pool2d", [x], kernel_size=(2, 2), stride=(2, 2))
    x = _conv(net, x, 6, 1)
    x = net.node("relu", [x])
    x = _conv(net, x, 6, 1)
    x = net.node("relu6", [x])
    x = net.node("average_pool2d", [x], kernel_size=(3, 3), stride=(1, 1))
    x = net.node("reshape", [x], shape=(1, net.values[x].n_elements))
    x = _dense(net, x, 5)
    x = net.node("softmax", [x], quant=quant(1 / 256, -128))
    scores = net.node("dequantize", [x], dtype="float32", name="scores")
    return net.graph([x, scores], "quantized")


def residual() -> Graph:
    """Two residual blocks: values that live across several steps."""
    net = Net("residual")
    x = net.int8((1, 8, 8, 4), 0.05, -3, name="image")
    for i in range(2):
        y = _conv(net, x, 8, 3, activation="relu", name=f"block{i}/a")
        y = _conv(net, y, net.values[x].shape[3], 3, name=f"block{i}/b")
        x = net.node("add", [x, y], quant=quant(0.1, i), name=f"block{i}/add")
    return net.graph([x], "quantized")


def chain() -> Graph:
    """Convolutions behind each other, ending in a classifier."""
    net = Net("chain")
    x = net.int8((1, 10, 10, 1), 1 / 255, -128, name="image")
    x = _conv(net, x, 8, 3, stride=(2, 2), activation="relu", name="first")
    x = _depthwise(net, x, activation="relu", name="middle")
    x = _conv(net, x, 12, 1, activation="relu", name="mix")
    x = _dense(net, x, 10, name="classes")
    return net.graph([x], "quantized")


def dense() -> Graph:
    """Fully connected only, as for anomaly detection."""
    net = Net("dense")
    x = net.int8((1, 40), 0.05, 5)
    for n in (24, 6, 24, 40):
        x = _dense(net, x, n, activation="none" if n == 40 else "relu")
    return net.graph([x], "quantized")


def running_sum() -> Graph:
    """A state: each output is the input plus the output before, which saturates."""
    net = Net("running_sum")
    x = net.int8((1, 3, 5), 0.05, 0)
    state = net.state("state", np.full((1, 3, 5), 7, np.int8), quant(0.05, 0))
    y = net.node("add", [x, state], quant=quant(0.05, 0))
    net.next_state(state, y)
    return net.graph([y], "quantized")


NETS = {make.__name__: make for make in (every_int8_op, residual, chain, dense, running_sum)}


@cache
def package(net: str, board: str = M4) -> Package:
    """The package of one of NETS for a board."""
    return compile_graph(NETS[net](), load_target(board))


def samples(graph: Graph, n: int, seed: int = 0) -> list[Array]:
    """n random samples per input."""
    from iseul.device.verify import random_inputs

    return random_inputs(graph, n, seed)


def equal(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b)


def assert_case(case: Case, got: Sequence[Array], want: Sequence[Array]) -> None:
    """Outputs of a case are the oracle's: integers to the bit, reals within its tolerance."""
    for a, b in zip(got, want, strict=True):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if a.dtype.kind == "f":
            np.testing.assert_allclose(a, b, rtol=0, atol=case.tolerance)
        else:
            np.testing.assert_array_equal(a, b)
