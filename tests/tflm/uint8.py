# SPDX-License-Identifier: Apache-2.0
"""Random ops of the older quantization, asymmetric uint8, which LiteRT still runs."""

from __future__ import annotations

from typing import Any

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def _value(net: Model, rng: Generator, shape: tuple[int, ...], **given: Any) -> int:
    quant = {"scale": a_scale(rng, 1e-2), "zero_point": a_zero_point(rng, "uint8"), **given}
    return net.tensor(shape, "uint8", **quant)


def pool(rng: Generator, kind: str) -> Single:
    """Windows of SAME and VALID; the quantization stays."""
    net = Model()
    h, w, c = (int(n) for n in rng.integers(3, 9, 3))
    kernel, stride = a_shape(rng, 2, 3), a_shape(rng, 2, 2)
    same = bool(rng.integers(2))
    quant = {"scale": 0.1, "zero_point": a_zero_point(rng, "uint8")}
    sizes = [
        -(-n // s) if same else (n - k) // s + 1
        for n, k, s in zip((h, w), kernel, stride, strict=True)
    ]
    x = _value(net, rng, (1, h, w, c), **quant)
    y = _value(net, rng, (1, *sizes, c), **quant)
    fields = [("i1", 0 if same else 1), ("i4", stride[1]), ("i4", stride[0])]
    fields += [("i4", kernel[1]), ("i4", kernel[0]), ("i1", int(rng.integers(4)))]
    net.operator(kind, [x], [y], dict(enumerate(fields)), 5)
    return Single(net, [x], [y], runtime="litert")


def add(rng: Generator) -> Single:
    net = Model()
    shape = (1, *a_shape(rng, 3, 6))
    scales = [a_scale(rng, 1e-2) for _ in range(3)]
    a, b = (_value(net, rng, shape, scale=s) for s in scales[:2])
    y = _value(net, rng, shape, scale=scales[2])
    net.operator("ADD", [a, b], [y], {0: ("i1", int(rng.integers(4)))}, 11)
    return Single(net, [a, b], [y], runtime="litert")


def chain(rng: Generator) -> Single:
    """What leaves is also read inside; a constant of uint8; an output that is an input's copy."""
    net = Model()
    shape = (1, *a_shape(rng, 3, 5))
    x = _value(net, rng, shape)
    half = _value(net, rng, shape, data=rng.integers(0, 256, shape))
    middle, last = _value(net, rng, shape), _value(net, rng, shape)
    reals = net.tensor(shape, "float32")
    net.operator("ADD", [x, half], [middle], {0: ("i1", 0)}, 11)
    net.operator("ADD", [middle, x], [last], {0: ("i1", 1)}, 11)
    net.operator("DEQUANTIZE", [middle], [reals])
    return Single(net, [x], [middle, last, reals], runtime="litert", rtol=1e-7)


CASES = {
    "average_pool2d uint8": lambda rng: pool(rng, "AVERAGE_POOL_2D"),
    "max_pool2d uint8": lambda rng: pool(rng, "MAX_POOL_2D"),
    "add uint8": add,
    "chain uint8": chain,
}
