# SPDX-License-Identifier: Apache-2.0
"""Random fully connected ops."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from tflm.convolution import of_activations, weights
from unit._tflite_bytes import Model


def fully_connected(
    rng: Generator, kind: str = "int8", biases: tuple[str, ...] = ("int32", "int32", "")
) -> Single:
    """biases: dtypes to choose from; "" is none."""
    net = Model()
    n_in, n_out, rows = a_shape(rng, 3, 30)
    rows = rows % 3 + 1
    shapes = [
        ((rows, n_in), (rows, n_out)),
        ((1, rows, n_in), (1, rows, n_out)),
        ((1, rows, n_in), (rows, n_out)),
        ((1, n_in, 1, 1), (1, n_out)),
    ]
    x_shape, y_shape = shapes[int(rng.integers(4))]
    bias = str(rng.choice(biases))
    options = {0: ("i1", int(rng.integers(4))), 2: ("u1", int(len(y_shape) == 3))}
    if kind == "float32":
        w, b = rng.normal(size=(n_out, n_in)), rng.normal(size=n_out)
        inputs = [net.tensor(x_shape, kind), net.tensor((n_out, n_in), kind, data=w)]
        inputs += [net.tensor((n_out,), kind, data=b)] if bias else []
        y = net.tensor(y_shape, kind)
        net.operator("FULLY_CONNECTED", inputs, [y], options, 8)
        return Single(net, inputs[:1], [y], rtol=1e-5)
    s_in = a_scale(rng, 1e-5, 1e-2) if kind == "int16" else a_scale(rng)
    # TFLite Micro has scales per channel for int8 only
    n_scales = n_out if kind == "int8" and rng.random() < 0.3 else 1
    s_w = np.array([a_scale(rng, 1e-3, 1e-1) for _ in range(n_scales)], np.float32)
    largest = 9000 / 18 if kind == "int4" else 9000
    s_out = s_in * float(s_w.mean()) * largest * n_in**0.5 / rng.uniform(20, 400)
    inputs = [
        net.tensor(x_shape, of_activations(kind), scale=s_in, zero_point=a_zero_point(rng, kind)),
        weights(net, rng, (n_out, n_in), 0, s_w, kind),
    ]
    if bias:
        data = rng.integers(-20_000, 20_000, n_out) * (256 if kind == "int16" else 1)
        inputs.append(net.tensor((n_out,), bias, scale=s_w * np.float32(s_in), data=data))
    zero = a_zero_point(rng, kind)
    y = net.tensor(y_shape, of_activations(kind), scale=s_out, zero_point=zero)
    net.operator("FULLY_CONNECTED", inputs, [y], options, 8)
    return Single(net, inputs[:1], [y], runtime="litert" if kind == "uint8" else "tflm")


CASES = {
    "fully_connected": fully_connected,
    "fully_connected int16": lambda rng: fully_connected(rng, "int16", ("int64", "")),
    "fully_connected int4": lambda rng: fully_connected(rng, "int4"),
    "fully_connected uint8": lambda rng: fully_connected(rng, "uint8", ("int32",)),
    "fully_connected float": lambda rng: fully_connected(rng, "float32", ("float32", "")),
}
