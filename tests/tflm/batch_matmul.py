# SPDX-License-Identifier: Apache-2.0
"""Random products of matrices, also by fully connected ops whose weights are computed."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def _value(net: Model, rng: Generator, shape: tuple[int, ...], kind: str, scale: float) -> int:
    if kind == "float32":
        return net.tensor(shape, kind)
    return net.tensor(shape, kind, scale=scale, zero_point=a_zero_point(rng, kind))


def _scales(rng: Generator, kind: str, depth: int) -> list[float]:
    """Of both operands and the product, which then fills its range."""
    low = 1e-3 if kind == "int8" else 1e-5
    s_a, s_b = a_scale(rng, low, 100 * low), a_scale(rng, low, 100 * low)
    largest = 74.0 * (1 if kind == "int8" else 256)
    return [s_a, s_b, s_a * s_b * largest * 74 * depth**0.5 / rng.uniform(10, 100)]


def batch_matmul(rng: Generator, kind: str = "int8", constant: bool = False) -> Single:
    net = Model()
    rows, depth, columns = a_shape(rng, 3, 8)
    leading = a_shape(rng, int(rng.integers(4)), 3)
    a_lead = tuple(n if rng.random() < 0.8 else 1 for n in leading)
    b_lead = leading
    if rng.random() < 0.2:
        a_lead = a_lead[int(rng.integers(len(a_lead) + 1)) :]
    elif rng.random() < 0.3:
        a_lead, b_lead = leading, tuple(n if rng.random() < 0.5 else 1 for n in leading)
    adj_x, adj_y = (bool(n) for n in rng.integers(0, 2, 2))
    a_shape_ = (*a_lead, *((depth, rows) if adj_x else (rows, depth)))
    b_shape = (*b_lead, *((columns, depth) if adj_y else (depth, columns)))
    out = (*np.broadcast_shapes(a_lead, b_lead), rows, columns)
    scales = _scales(rng, kind, depth)
    a = _value(net, rng, a_shape_, kind, scales[0])
    if constant:
        data = rng.normal(size=b_shape)
        limits = np.iinfo(kind) if kind != "float32" else None
        if limits is not None:
            data = rng.integers(limits.min, limits.max, b_shape, endpoint=True)
        quant = {"scale": scales[1], "zero_point": a_zero_point(rng, kind)} if limits else {}
        b = net.tensor(b_shape, kind, data=data, **quant)
    else:
        b = _value(net, rng, b_shape, kind, scales[1])
    y = _value(net, rng, out, kind, scales[2])
    options = {0: ("u1", int(adj_x)), 1: ("u1", int(adj_y))}
    net.operator("BATCH_MATMUL", [a, b], [y], options, 101)
    return Single(net, [a] if constant else [a, b], [y], rtol=1e-5)


def computed_weights(rng: Generator, kind: str = "int8") -> Single:
    """FULLY_CONNECTED of two inputs; floats with a bias or without one."""
    net = Model()
    n_in, n_out, rows = a_shape(rng, 3, 12)
    x_shape, y_shape = [
        ((rows, n_in), (rows, n_out)),
        ((1, rows, n_in), (1, rows, n_out)),
        ((1, rows, n_in), (rows, n_out)),
    ][int(rng.integers(3))]
    scales = _scales(rng, kind, n_in)
    x = _value(net, rng, x_shape, kind, scales[0])
    w = net.tensor((n_out, n_in), kind, **({} if kind == "float32" else {"scale": scales[1]}))
    inputs = [x, w]
    if kind == "float32" and rng.random() < 0.6:
        inputs.append(net.tensor((n_out,), kind, data=rng.normal(size=n_out)))
    y = _value(net, rng, y_shape, kind, scales[2])
    options = {0: ("i1", int(rng.integers(4))), 2: ("u1", int(len(y_shape) == 3))}
    net.operator("FULLY_CONNECTED", inputs, [y], options, 8)
    return Single(net, [x, w], [y], rtol=1e-5)


CASES = {
    "batch_matmul": batch_matmul,
    "batch_matmul constant": lambda rng: batch_matmul(rng, constant=True),
    "batch_matmul int16": lambda rng: batch_matmul(rng, "int16"),
    "batch_matmul float": lambda rng: batch_matmul(rng, "float32"),
    "batch_matmul float constant": lambda rng: batch_matmul(rng, "float32", constant=True),
    "fully_connected computed weights": computed_weights,
    "fully_connected computed weights float": lambda rng: computed_weights(rng, "float32"),
}
