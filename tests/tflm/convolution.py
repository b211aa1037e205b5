# SPDX-License-Identifier: Apache-2.0
"""Random convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point, reach
from unit._tflite_bytes import Model


def operands(
    net: Model,
    rng: Generator,
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    axis: int,
    kind: str,
    biases: tuple[str, ...],
    near_the_end: int = 0,
) -> tuple[list[int], float]:
    """Tensors x, weights and, but for one of `biases` being empty, bias; and a scale of the output.

    axis:   of the output channels in the weights
    biases: dtypes to choose from; "" is none
    near_the_end: added to an int32 bias of int16 activations or taken off, so that sums wrap
    """
    n_out = w_shape[axis]
    n_taps = int(np.prod(w_shape)) // n_out
    bias = str(rng.choice(biases))
    if kind == "float32":
        inputs = [
            net.tensor(x_shape, kind),
            net.tensor(w_shape, kind, data=rng.normal(size=w_shape)),
        ]
        if bias:
            inputs.append(net.tensor((n_out,), kind, data=rng.normal(size=n_out)))
        return inputs, 0.0
    s_in = a_scale(rng, 1e-5, 1e-2) if kind == "int16" else a_scale(rng)
    n_scales = n_out if kind != "uint8" and rng.random() < 0.7 else 1
    s_w = np.array([a_scale(rng, 1e-3, 1e-1) for _ in range(n_scales)], np.float32)
    inputs = [
        net.tensor(x_shape, of_activations(kind), scale=s_in, zero_point=a_zero_point(rng, kind)),
        weights(net, rng, w_shape, axis, s_w, kind),
    ]
    if bias:
        far = near_the_end if bias == "int32" and kind == "int16" else 0
        data = rng.integers(-20_000, 20_000, n_out) * (256 if kind == "int16" else 1)
        data += rng.choice([-far, far], n_out)
        inputs.append(net.tensor((n_out,), bias, scale=s_w * np.float32(s_in), data=data))
    largest = 9000 / 18 if kind == "int4" else 9000
    return inputs, s_in * float(s_w.mean()) * largest * n_taps**0.5 / rng.uniform(20, 400)


def of_activations(kind: str) -> str:
    return "int8" if kind == "int4" else kind


def result(net: Model, rng: Generator, shape: tuple[int, ...], kind: str, scale: float) -> int:
    if kind == "float32":
        return net.tensor(shape, kind)
    zero = a_zero_point(rng, kind)
    return net.tensor(shape, of_activations(kind), scale=scale, zero_point=zero)


def weights(
    net: Model,
    rng: Generator,
    shape: tuple[int, ...],
    axis: int,
    scales: np.ndarray,
    kind: str,
) -> int:
    """int8 or int4 without a zero point, or to uint8 activations uint8 with one.

    kind: of the activations; "int4" stands for int8 activations with weights of int4
    """
    if kind == "int4":
        data = rng.integers(-8, 8, shape)
        return net.tensor(shape, kind, scale=scales, axis=axis, data=data)
    if kind != "uint8":
        return net.tensor(shape, scale=scales, axis=axis, data=rng.integers(-127, 128, shape))
    zero = int(rng.integers(256))
    data = rng.integers(0, 256, shape)
    return net.tensor(shape, kind, scale=scales, zero_point=zero, data=data)


def convolution(
    rng: Generator,
    depthwise: bool,
    kind: str = "int8",
    biases: tuple[str, ...] = ("int32", ""),
    near_the_end: int = 0,
) -> Single:
    net = Model()
    h, w, c = a_shape(rng, 3, 8)
    batch = int(rng.integers(1, 3))
    kernel, stride = a_shape(rng, 2, 4), a_shape(rng, 2, 3)
    dilation = a_shape(rng, 2, 2)
    same = any((k - 1) * d >= n for k, d, n in zip(kernel, dilation, (h, w), strict=True)) or bool(
        rng.integers(2)
    )
    multiplier = int(rng.integers(1, 4))
    groups = int(rng.choice([g for g in range(1, c + 1) if c % g == 0]))
    n_out = c * multiplier if depthwise else groups * int(rng.integers(1, 9))
    shape = (1, *kernel, n_out) if depthwise else (n_out, *kernel, c // groups)
    axis = 3 if depthwise else 0
    inputs, s_out = operands(net, rng, (batch, h, w, c), shape, axis, kind, biases, near_the_end)
    sizes = [
        reach(same, n, k, s, d) for n, k, s, d in zip((h, w), kernel, stride, dilation, strict=True)
    ]
    y = result(net, rng, (batch, *sizes, n_out), kind, s_out)
    options: list[Any] = [("i1", 0 if same else 1), ("i4", stride[1]), ("i4", stride[0])]
    options += [("i4", multiplier)] if depthwise else []
    options += [("i1", int(rng.integers(4))), ("i4", dilation[1]), ("i4", dilation[0])]
    name, union = ("DEPTHWISE_CONV_2D", 2) if depthwise else ("CONV_2D", 1)
    net.operator(name, inputs, [y], dict(enumerate(options)), union)
    runtime = "litert" if kind == "uint8" else "tflm"
    rtol = 1e-5 if kind == "float32" else 0.0
    return Single(net, inputs[:1], [y], rtol=rtol, runtime=runtime)


def transposed(rng: Generator, kind: str, biases: tuple[str, ...]) -> Single:
    net = Model()
    h, w, c = a_shape(rng, 3, 6)
    batch, n_out = (int(n) for n in rng.integers(1, (3, 6)))
    kernel, stride = a_shape(rng, 2, 4), a_shape(rng, 2, 3)
    same = bool(rng.integers(2))
    sizes = tuple(
        n * s if same else (n - 1) * s + k for n, s, k in zip((h, w), stride, kernel, strict=True)
    )
    inputs, s_out = operands(net, rng, (batch, h, w, c), (n_out, *kernel, c), 0, kind, biases)
    y_shape = (batch, *sizes, n_out)
    y = result(net, rng, y_shape, kind, s_out)
    stated = net.tensor((4,), "int32", data=np.array(y_shape))
    x, w, *bias = inputs
    options: dict[int, Any] = {0: ("i1", 0 if same else 1), 1: ("i4", stride[1])}
    options |= {2: ("i4", stride[0]), 3: ("i1", int(rng.integers(4)))}
    net.operator("TRANSPOSE_CONV", [stated, w, x, *bias], [y], options, 49)
    runtime = "litert" if kind == "uint8" else "tflm"
    return Single(net, [x], [y], rtol=1e-5 if kind == "float32" else 0.0, runtime=runtime)


CASES = {
    "conv2d": lambda rng: convolution(rng, False),
    "conv2d int16": lambda rng: convolution(rng, False, "int16", ("int64", "int32", "")),
    "conv2d int16 wraps": lambda rng: convolution(
        rng, False, "int16", ("int32",), 2**31 - 20_000 * 256
    ),
    "conv2d float": lambda rng: convolution(rng, False, "float32", ("float32", "")),
    "conv2d int4": lambda rng: convolution(rng, False, "int4"),
    "conv2d uint8": lambda rng: convolution(rng, False, "uint8", ("int32",)),
    "depthwise_conv2d": lambda rng: convolution(rng, True),
    "depthwise_conv2d int16": lambda rng: convolution(rng, True, "int16", ("int64", "")),
    "depthwise_conv2d float": lambda rng: convolution(rng, True, "float32", ("float32", "")),
    "depthwise_conv2d int4": lambda rng: convolution(rng, True, "int4"),
    "depthwise_conv2d uint8": lambda rng: convolution(rng, True, "uint8", ("int32",)),
    "transpose_conv": lambda rng: transposed(rng, "int8", ("int32", "")),
    "transpose_conv int16": lambda rng: transposed(rng, "int16", ("int64",)),
    "transpose_conv uint8": lambda rng: transposed(rng, "uint8", ("int32",)),
    "transpose_conv float": lambda rng: transposed(rng, "float32", ("float32", "")),
}
