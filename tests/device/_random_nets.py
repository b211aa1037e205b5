# SPDX-License-Identifier: Apache-2.0
"""Random quantized nets with branches, for properties that must hold of every graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cases._case import Net, balanced, quant
from iseul.numerics.affine import per_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Graph

LARGEST = 900  # elements of a value: the emulator runs many of these nets


class _Draw:
    """A net that grows by random nodes on random earlier values."""

    def __init__(self, name: str) -> None:
        self.net = Net(name)
        self.open: list[str] = []

    def roll(self, low: int, high: int) -> int:
        """A whole number of low .. high."""
        return int(self.net.random.integers(low, high + 1))

    def pick(self, rank: int) -> str | None:
        """An earlier value of this rank; younger ones more often."""
        fitting = [v for v in self.open if len(self.net.values[v].shape) == rank]
        if not fitting:
            return None
        return fitting[max(self.roll(0, len(fitting) - 1), self.roll(0, len(fitting) - 1))]

    def grow(self, step: Callable[[_Draw, str], str], rank: int) -> None:
        x = self.pick(rank)
        if x is None:
            return
        y = step(self, x)
        if self.net.values[y].n_elements <= LARGEST:
            self.open.append(y)

    def quant(self) -> Any:
        return quant(float(self.net.random.uniform(0.03, 0.1)), self.roll(-20, 20))


def _conv(d: _Draw, x: str) -> str:
    _, h, w, c = d.net.values[x].shape
    kernel, n = (min(d.roll(1, 3), h), min(d.roll(1, 3), w)), d.roll(1, 9)
    weights = d.net.weights((n, *kernel, c), 0)
    pads = (kernel[0] // 2, kernel[0] // 2, kernel[1] // 2, kernel[1] // 2)
    return d.net.node(
        "conv2d",
        [x, weights, d.net.bias(n)],
        quant=quant(balanced(kernel[0] * kernel[1] * c), d.roll(-9, 9)),
        pads=pads,
        stride=(d.roll(1, 2), d.roll(1, 2)),
        activation="relu" if d.roll(0, 1) else "none",
    )


def _depthwise(d: _Draw, x: str) -> str:
    _, h, w, c = d.net.values[x].shape
    kernel, m = (min(d.roll(1, 3), h), min(d.roll(1, 3), w)), d.roll(1, 2)
    weights = d.net.weights((1, *kernel, c * m), 3)
    return d.net.node(
        "depthwise_conv2d", [x, weights], quant=quant(balanced(9), 2), stride=(d.roll(1, 2), 1)
    )


def _add(d: _Draw, x: str) -> str:
    shape = d.net.values[x].shape
    others = [v for v in d.open if d.net.values[v].shape == shape]
    return d.net.node("add", [x, others[d.roll(0, len(others) - 1)]], quant=d.quant())


def _pool(d: _Draw, x: str) -> str:
    _, h, w, _ = d.net.values[x].shape
    kind = "max_pool2d" if d.roll(0, 1) else "average_pool2d"
    kernel = (min(d.roll(1, 3), h), min(d.roll(1, 3), w))
    return d.net.node(kind, [x], kernel_size=kernel, stride=(d.roll(1, 2), d.roll(1, 2)))


def _pad(d: _Draw, x: str) -> str:
    sides = [(d.roll(0, 2), d.roll(0, 2)) for _ in d.net.values[x].shape[1:]]
    return d.net.node("pad", [x], pads=((0, 0), *sides))


def _relu(d: _Draw, x: str) -> str:
    return d.net.node("relu" if d.roll(0, 1) else "relu6", [x], quant=d.quant())


def _flatten(d: _Draw, x: str) -> str:
    return d.net.node("reshape", [x], shape=(1, d.net.values[x].n_elements))


def _dense(d: _Draw, x: str) -> str:
    n_in, n = d.net.values[x].n_elements, d.roll(1, 30)
    weights = d.net.weights((n, n_in), 0)
    return d.net.node(
        "fully_connected", [x, weights, d.net.bias(n)], quant=quant(balanced(n_in), d.roll(-9, 9))
    )


def _softmax(d: _Draw, x: str) -> str:
    if d.net.values[x].n_elements > 500:
        return _relu(d, x)
    return d.net.node("softmax", [x], quant=per_tensor(1 / 256, -128))


_STEPS = (
    (_conv, 4),
    (_conv, 4),
    (_depthwise, 4),
    (_add, 4),
    (_add, 4),
    (_pool, 4),
    (_pad, 4),
    (_relu, 4),
    (_flatten, 4),
    (_dense, 2),
    (_softmax, 2),
    (_relu, 2),
)


def random_net(seed: int) -> Graph:
    """A net of 3 to 14 nodes, one or two inputs, and every value that nothing reads as output."""
    d = _Draw(f"random_{seed}")
    for i in range(d.roll(1, 2)):
        shape = (1, d.roll(2, 9), d.roll(2, 9), d.roll(1, 5))
        d.open.append(d.net.int8(shape, 0.05, d.roll(-128, 127), name=f"input_{i}"))
    for _ in range(d.roll(3, 14)):
        step, rank = _STEPS[d.roll(0, len(_STEPS) - 1)]
        d.grow(step, rank)
    read = {name for node in d.net._nodes for name in node.inputs}
    outputs = [node.outputs[0] for node in d.net._nodes if node.outputs[0] not in read]
    if not outputs:
        outputs = [_conv(d, d.open[0])]
    return d.net.graph(outputs, "quantized")


def random_chain(seed: int) -> Graph:
    """Convolutions, depthwise ones and pools one after the other, then a dense layer."""
    d = _Draw(f"chain_{seed}")
    x = d.net.int8((1, d.roll(3, 9), d.roll(3, 9), d.roll(1, 5)), 0.05, d.roll(-128, 127))
    steps = (_conv, _depthwise, _conv, _pool, _relu)
    for _ in range(d.roll(3, 7)):
        x = steps[d.roll(0, len(steps) - 1)](d, x)
    return d.net.graph([_dense(d, _flatten(d, x))], "quantized")
