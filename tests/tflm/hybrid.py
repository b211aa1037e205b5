# SPDX-License-Identifier: Apache-2.0
"""Random ops of float activations with weights of fewer bits, which only LiteRT runs.

Weights of integers meet samples that are quantized at run time; weights behind a DEQUANTIZE stand
for their reals.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, reach
from unit._tflite_bytes import Model


def stored(
    net: Model, rng: Generator, shape: tuple[int, ...], axis: int, kind: str, per_channel: bool
) -> int:
    """A constant of integers or float16."""
    if kind == "float16":
        return net.tensor(shape, kind, data=rng.normal(size=shape))
    n = shape[axis] if per_channel else 1
    scales = np.array([a_scale(rng, 1e-3, 1e-2) for _ in range(n)], np.float32)
    low, high = (-8, 8) if kind == "int4" else (-127, 128)
    data = rng.integers(low, high, shape)
    return net.tensor(shape, kind, scale=scales, axis=axis, data=data)


def weights(
    net: Model, rng: Generator, shape: tuple[int, ...], axis: int, kind: str, real: bool, many: bool
) -> int:
    """The weights as the op reads them. real: through a DEQUANTIZE."""
    made = stored(net, rng, shape, axis, kind, many)
    if not real:
        return made
    reals = net.tensor(shape, "float32")
    net.operator("DEQUANTIZE", [made], [reals])
    return reals


def convolution(
    rng: Generator, depthwise: bool, kind: str = "int8", real: bool = False, many: bool = True
) -> Single:
    """many: a scale per channel."""
    net = Model()
    h, w, c = a_shape(rng, 3, 7)
    batch = int(rng.integers(1, 3))
    kernel, stride = a_shape(rng, 2, 3), a_shape(rng, 2, 2)
    same = any(k > n for k, n in zip(kernel, (h, w), strict=True)) or bool(rng.integers(2))
    groups = int(rng.choice([g for g in range(1, c + 1) if c % g == 0])) if many else 1
    multiplier = int(rng.integers(1, 3))
    n_out = c * multiplier if depthwise else groups * int(rng.integers(1, 6))
    shape = (1, *kernel, n_out) if depthwise else (n_out, *kernel, c // groups)
    x = net.tensor((batch, h, w, c), "float32")
    operand = weights(net, rng, shape, 3 if depthwise else 0, kind, real, many)
    bias = net.tensor((n_out,), "float32", data=rng.normal(size=n_out))
    sizes = [reach(same, n, k, s, 1) for n, k, s in zip((h, w), kernel, stride, strict=True)]
    y = net.tensor((batch, *sizes, n_out), "float32")
    options: list[Any] = [("i1", 0 if same else 1), ("i4", stride[1]), ("i4", stride[0])]
    options += [("i4", multiplier)] if depthwise else []
    options += [("i1", int(rng.integers(4))), ("i4", 1), ("i4", 1)]
    name, union = ("DEPTHWISE_CONV_2D", 2) if depthwise else ("CONV_2D", 1)
    net.operator(name, [x, operand, bias], [y], dict(enumerate(options)), union)
    return Single(net, [x], [y], rtol=1e-5, runtime="litert")


def fully_connected(
    rng: Generator, kind: str = "int8", real: bool = False, by_zero_point: bool = False
) -> Single:
    net = Model()
    n_in, n_out, rows = a_shape(rng, 3, 40)
    rows = rows % 3 + 1
    x = net.tensor((rows, n_in), "float32")
    many = bool(rng.integers(2)) and kind == "int8"
    operand = weights(net, rng, (n_out, n_in), 0, kind, real, many)
    bias = net.tensor((n_out,), "float32", data=rng.normal(size=n_out))
    y = net.tensor((rows, n_out), "float32")
    options = {0: ("i1", int(rng.integers(4))), 3: ("u1", int(by_zero_point))}
    net.operator("FULLY_CONNECTED", [x, operand, bias], [y], options, 8)
    return Single(net, [x], [y], rtol=1e-5, runtime="litert")


CASES = {
    "conv2d hybrid": lambda rng: convolution(rng, False),
    "conv2d hybrid, one scale": lambda rng: convolution(rng, False, many=False),
    "conv2d hybrid int4": lambda rng: convolution(rng, False, "int4"),
    "conv2d of reals": lambda rng: convolution(rng, False, real=True),
    "conv2d of halves": lambda rng: convolution(rng, False, "float16", real=True),
    "depthwise_conv2d hybrid": lambda rng: convolution(rng, True),
    "depthwise_conv2d of reals": lambda rng: convolution(rng, True, real=True),
    "depthwise_conv2d of halves": lambda rng: convolution(rng, True, "float16", real=True),
    "fully_connected hybrid": fully_connected,
    "fully_connected hybrid, zero points": lambda rng: fully_connected(rng, by_zero_point=True),
    "fully_connected hybrid int4": lambda rng: fully_connected(rng, "int4"),
    "fully_connected of reals": lambda rng: fully_connected(rng, real=True),
    "fully_connected of halves": lambda rng: fully_connected(rng, "float16", real=True),
}
