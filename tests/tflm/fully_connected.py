# SPDX-License-Identifier: Apache-2.0
"""Random fully connected ops."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def fully_connected(rng: Generator) -> Single:
    net = Model()
    n_in, n_out, rows = a_shape(rng, 3, 30)
    rows = rows % 3 + 1
    s_in = a_scale(rng)
    n_scales = n_out if rng.random() < 0.3 else 1
    s_w = np.array([a_scale(rng, 1e-3, 1e-1) for _ in range(n_scales)], np.float32)
    s_out = s_in * float(s_w.mean()) * 9000 * n_in**0.5 / rng.uniform(20, 400)
    shapes = [
        ((rows, n_in), (rows, n_out)),
        ((1, rows, n_in), (1, rows, n_out)),
        ((1, rows, n_in), (rows, n_out)),
        ((1, n_in, 1, 1), (1, n_out)),
    ]
    x_shape, y_shape = shapes[int(rng.integers(4))]
    inputs = [
        net.tensor(x_shape, scale=s_in, zero_point=a_zero_point(rng)),
        net.tensor((n_out, n_in), scale=s_w, data=rng.integers(-127, 128, (n_out, n_in))),
    ]
    if rng.random() < 0.7:
        bias = rng.integers(-20_000, 20_000, n_out)
        inputs.append(net.tensor((n_out,), "int32", scale=s_w * np.float32(s_in), data=bias))
    y = net.tensor(y_shape, scale=s_out, zero_point=a_zero_point(rng))
    options = {0: ("i1", int(rng.integers(4))), 2: ("u1", int(len(y_shape) == 3))}
    net.operator("FULLY_CONNECTED", inputs, [y], options, 8)
    return Single(net, inputs[:1], [y])


CASES = {
    "fully_connected": fully_connected,
}
