# SPDX-License-Identifier: Apache-2.0
"""Random networks over windows that can be streamed, seeded by number: convolutions with dilation
and stride, depthwise ones, pools, branches of different length that are aligned by slices, joined
or added, and heads over whole windows. Integers (int8), so that streams are equal to the bit.
"""

from __future__ import annotations

import numpy as np

from cases._case import Net, balanced, quant

S = 0.05  # of every activation


class Causal(Net):
    """A net over (1, T, 1, C) or (1, 1, T, C)."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"causal{seed}")
        self.axis = 1 + int(self.random.integers(2))

    def pick(self, *choices):
        return choices[int(self.random.integers(len(choices)))]

    def along(self, time, other):
        return (time, other) if self.axis == 1 else (other, time)

    def shape(self, x):
        return self.values[x].shape

    def frames(self, x):
        return self.shape(x)[self.axis]

    def wide(self, x, taps, stride=1, dilation=1, channels=None, pads=(0, 0)):
        """A convolution."""
        c, n = self.shape(x)[3], channels or self.pick(3, 4, 5, 8)
        w = self.weights((n, *self.along(taps, 1), c), 0)
        return self.node(
            "conv2d",
            [x, w, self.bias(n, 400)],
            stride=self.along(stride, 1),
            dilation=self.along(dilation, 1),
            pads=(*pads, 0, 0) if self.axis == 1 else (0, 0, *pads),
            activation=self.pick("none", "relu"),
            quant=quant(balanced(taps * c, S) if self.pick(0, 1) else S, self.pick(-128, 3)),
        )

    def deep(self, x, taps, stride=1, dilation=1):
        """A depthwise convolution."""
        c = self.shape(x)[3]
        w = self.weights((1, *self.along(taps, 1), c), 3)
        return self.node(
            "depthwise_conv2d",
            [x, w, self.bias(c, 400)],
            stride=self.along(stride, 1),
            dilation=self.along(dilation, 1),
            quant=quant(S, self.pick(-128, 5)),
        )

    def pool(self, x, taps, stride):
        return self.node(
            self.pick("max_pool2d", "average_pool2d"),
            [x],
            kernel_size=self.along(taps, 1),
            stride=self.along(stride, 1),
        )

    def cut(self, x, first, n):
        """n frames from the first on."""
        begin, size = [0] * 4, list(self.shape(x))
        begin[self.axis], size[self.axis] = first, n
        return self.node("slice", [x], begin=tuple(begin), size=tuple(size))

    def scaled(self, x, q):
        return self.node("quantize", [x], quant=q)

    def layer(self, x):
        """A layer that leaves at least four frames."""
        room = self.frames(x) - 4
        kind = self.pick("wide", "wide", "deep", "deep", "pool", "branch", "act", "point")
        taps, dilation, stride = self.pick(1, 2, 3, 5), self.pick(1, 1, 2, 3), self.pick(1, 1, 1, 2)
        span = (taps - 1) * dilation + 1
        if kind == "point" or (kind not in ("act", "branch") and span + 4 * stride > room):
            return self.wide(x, 1)
        if kind == "wide":
            return self.wide(x, taps, stride, dilation)
        if kind == "deep":
            return self.deep(x, taps, stride, dilation)
        if kind == "pool":
            return self.pool(x, max(2, taps), stride)
        if kind == "branch" and room > 6:
            return self.branch(x)
        return self.node("logistic", [x], quant=quant(1 / 256, -128))

    def branch(self, x):
        """Two ways of different length, cut to the same frames at the end or in the middle."""
        c = self.shape(x)[3]
        a = self.wide(x, self.pick(2, 3), 1, self.pick(1, 2), c)
        b = self.pick(x, self.deep(x, self.pick(1, 2, 4)))
        n = min(self.frames(a), self.frames(b)) - self.pick(0, 1)
        q = quant(S, 2)
        parts = []
        for way in (a, b):
            free = self.frames(way) - n
            parts.append(self.scaled(self.cut(way, self.pick(free, free, free // 2), n), q))
        if self.pick(0, 1):
            return self.node("add", parts, quant=quant(0.08, -3))
        return self.node("concatenation", parts, axis=3)

    def head(self, x):
        """One output of the whole window, of its frames, or both."""
        kind = self.pick("mean", "flat", "last", "frames", "two")
        n = self.shape(x)[self.axis] * self.shape(x)[3]
        if kind == "frames":
            return [x]
        if kind == "mean":
            y = self.node("mean", [x], axes=(1, 2), keep_dims=False, quant=quant(S, 1))
            return [self.dense(y, self.shape(y)[1])]
        if kind == "last":
            y = self.cut(x, self.frames(x) - 1, 1)
            return [self.dense(y, self.shape(y)[3])]
        flat = self.node("reshape", [x], shape=(1, n))
        return [self.dense(flat, n), *([x] if kind == "two" else [])]

    def dense(self, x, n):
        w = self.weights((3, n), 0)
        return self.node("fully_connected", [x, w, self.bias(3)], quant=quant(balanced(n, S), 4))


def causal_net(seed: int):
    """A random network; its input has 12 to 40 frames."""
    net = Causal(seed)
    t, c = int(net.random.integers(12, 41)), net.pick(1, 3, 4, 6)
    x = net.int8((1, *net.along(t, 1), c), S, net.pick(-128, 7))
    x = net.wide(x, net.pick(2, 3))
    for _ in range(int(net.random.integers(1, 5))):
        x = net.layer(x)
    return net.graph(net.head(x), "quantized"), net.axis


def recurrent_net(op: str, *, valid: bool, every_step: bool, seed: int = 0):
    """A float network: a convolution in front of a recurrent layer, or none, and a dense layer."""
    net = Net(f"{op}{valid}{every_step}{seed}")
    t, c, n = 12, 3, 4
    x = y = net.input("x", (1, t, 1, c))
    if valid:
        y = net.node("conv2d", [x, net.reals("k", (5, 3, 1, c), 0.5)], stride=(1, 1))
        t, c = t - 2, 5
    y = net.node("reshape", [y], shape=(1, t, c))
    gates = {"lstm": 4, "gru": 3, "rnn": 1}[op]
    biases = {"lstm": 4, "gru": 4, "rnn": 1}[op]
    initial = [net.reals(f"h{i}", (1, n), 0.5) for i in range(1 + (op == "lstm"))]
    w = [net.reals(f"w{i}", (n, c), 0.5) for i in range(gates)]
    r = [net.reals(f"r{i}", (n, n), 0.5) for i in range(gates)]
    b = [net.reals(f"b{i}", (n,), 0.5) for i in range(biases)]
    y = net.node(op, [y, *initial, *w, *r, *b], every_step=every_step)
    if every_step:
        y = net.node("mean", [y], axes=(1,), keep_dims=False)
    y = net.node("fully_connected", [y, net.reals("d", (2, n))])
    return net.graph([y])


def padded_net(head: str, pads: tuple[int, int]):
    """Two padded convolutions of three taps over (1, 16, 1, 3)."""
    net = Causal(1000)
    net.axis = 1
    x = net.int8((1, 16, 1, 3), S, 5)
    y = net.wide(net.wide(x, 3, pads=pads), 3, pads=pads)
    if head == "mean":
        y = net.node("mean", [y], axes=(1, 2), quant=quant(S))
    if head == "last":
        y = net.cut(y, 15, 1)
    return net.graph([y], "quantized")


def stream_of(graph, n: int, seed: int):
    """n random hops for a streamed graph, (n, *input)."""
    value = graph.values[graph.inputs[0]]
    random = np.random.default_rng(seed)
    if value.is_float:
        return random.normal(size=(n, *value.shape)).astype(np.float32)
    return random.integers(-128, 128, (n, *value.shape)).astype(np.int8)
