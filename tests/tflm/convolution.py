# SPDX-License-Identifier: Apache-2.0
"""Random convolutions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point, reach
from unit._tflite_bytes import Model


def convolution(rng: Generator, depthwise: bool) -> Single:
    net = Model()
    h, w, c = a_shape(rng, 3, 8)
    kernel, stride = a_shape(rng, 2, 4), a_shape(rng, 2, 3)
    dilation = a_shape(rng, 2, 2)
    same = any((k - 1) * d >= n for k, d, n in zip(kernel, dilation, (h, w), strict=True)) or bool(
        rng.integers(2)
    )
    multiplier = int(rng.integers(1, 4))
    n_out = c * multiplier if depthwise else int(rng.integers(1, 9))
    n_taps = kernel[0] * kernel[1] * (1 if depthwise else c)
    s_in = a_scale(rng)
    n_scales = n_out if rng.random() < 0.7 else 1
    s_w = np.array([a_scale(rng, 1e-3, 1e-1) for _ in range(n_scales)], np.float32)
    s_out = s_in * float(s_w.mean()) * 9000 * n_taps**0.5 / rng.uniform(20, 400)
    shape = (1, *kernel, n_out) if depthwise else (n_out, *kernel, c)
    weights = rng.integers(-127, 128, shape)
    inputs = [
        net.tensor((1, h, w, c), scale=s_in, zero_point=a_zero_point(rng)),
        net.tensor(shape, scale=s_w, axis=3 if depthwise else 0, data=weights),
    ]
    if rng.random() < 0.8:
        bias = rng.integers(-20_000, 20_000, n_out)
        inputs.append(net.tensor((n_out,), "int32", scale=s_w * np.float32(s_in), data=bias))
    sizes = [
        reach(same, n, k, s, d) for n, k, s, d in zip((h, w), kernel, stride, dilation, strict=True)
    ]
    y = net.tensor((1, *sizes, n_out), scale=s_out, zero_point=a_zero_point(rng))
    options: list[Any] = [("i1", 0 if same else 1), ("i4", stride[1]), ("i4", stride[0])]
    options += [("i4", multiplier)] if depthwise else []
    options += [("i1", int(rng.integers(4))), ("i4", dilation[1]), ("i4", dilation[0])]
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    net.operator(kind, inputs, [y], dict(enumerate(options)), 2 if depthwise else 1)
    return Single(net, inputs[:1], [y])


CASES = {
    "conv2d": lambda rng: convolution(rng, depthwise=False),
    "depthwise_conv2d": lambda rng: convolution(rng, depthwise=True),
}
