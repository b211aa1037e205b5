# SPDX-License-Identifier: Apache-2.0
"""Random ops of the older quantization, asymmetric uint8, which LiteRT still runs."""

from __future__ import annotations

from typing import Any

import numpy as np
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


def resize_bilinear(rng: Generator) -> Single:
    net = Model()
    h, w, c = a_shape(rng, 3, 6)
    size = a_shape(rng, 2, 9)
    quant = {"scale": 0.1, "zero_point": a_zero_point(rng, "uint8")}
    x, y = _value(net, rng, (1, h, w, c), **quant), _value(net, rng, (1, *size, c), **quant)
    sizes = net.tensor((2,), "int32", data=np.array(size))
    where = int(rng.integers(3))  # asymmetric, align_corners, half_pixel
    options = {2: ("u1", int(where == 1)), 3: ("u1", int(where == 2))}
    net.operator("RESIZE_BILINEAR", [x, sizes], [y], options, 15)
    return Single(net, [x], [y], runtime="litert")


def pair(rng: Generator, kind: str, union: int) -> Single:
    net = Model()
    shape = (1, *a_shape(rng, 3, 6))
    scales = [a_scale(rng, 1e-2) for _ in range(3)]
    a, b = (_value(net, rng, shape, scale=s) for s in scales[:2])
    y = _value(net, rng, shape, scale=scales[2])
    net.operator(kind, [a, b], [y], {0: ("i1", int(rng.integers(4)))}, union)
    return Single(net, [a, b], [y], runtime="litert")


def unary(
    rng: Generator,
    kind: str,
    out: dict[str, Any] | None = None,
    options: dict[int, Any] | None = None,
    union: int = 0,
) -> Single:
    """out: the quantization that the op asks for; {} for the input's."""
    net = Model()
    shape = (2, 128)
    given = {"scale": a_scale(rng, 1e-2), "zero_point": a_zero_point(rng, "uint8")}
    wanted = given if out == {} else out or {}
    x, y = _value(net, rng, shape, **given), _value(net, rng, shape, **wanted)
    net.operator(kind, [x], [y], options, union)
    return Single(net, [x], [y], runtime="litert")


def mean(rng: Generator) -> Single:
    net = Model()
    h, w, c = (int(n) for n in rng.integers(2, 7, 3))
    x, y = _value(net, rng, (1, h, w, c)), _value(net, rng, (1, 1, 1, c))
    axes = net.tensor((2,), "int32", data=np.array([1, 2]))
    net.operator("MEAN", [x, axes], [y], {0: ("u1", 1)}, 27)
    return Single(net, [x], [y], runtime="litert")


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
    "resize_bilinear uint8": resize_bilinear,
    "add uint8": lambda rng: pair(rng, "ADD", 11),
    "mul uint8": lambda rng: pair(rng, "MUL", 21),
    "sub uint8": lambda rng: pair(rng, "SUB", 28),
    "logistic uint8": lambda rng: unary(rng, "LOGISTIC", {"scale": 1 / 256, "zero_point": 0}),
    "tanh uint8": lambda rng: unary(rng, "TANH", {"scale": 1 / 128, "zero_point": 128}),
    "relu uint8": lambda rng: unary(rng, "RELU"),
    "relu6 uint8": lambda rng: unary(rng, "RELU6", {}),
    "leaky_relu uint8": lambda rng: unary(rng, "LEAKY_RELU", None, {0: ("f4", 0.2)}, 75),
    "hard_swish uint8": lambda rng: unary(rng, "HARD_SWISH"),
    "requantize uint8": lambda rng: unary(rng, "QUANTIZE"),
    "softmax uint8": lambda rng: unary(
        rng, "SOFTMAX", {"scale": 1 / 256, "zero_point": 0}, {0: ("f4", 1.0)}, 9
    ),
    "mean uint8": mean,
    "chain uint8": chain,
}
