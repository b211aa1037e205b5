# SPDX-License-Identifier: Apache-2.0
"""Random reductions. TFLite Micro takes at most 2 axes of 5 for means and sums."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def reduction(rng: Generator, kind: str, dtype: str) -> Single:
    net = Model()
    is_sum = kind in ("MEAN", "SUM")
    rank = int(rng.integers(1, 6))
    if rng.random() < 0.3:  # the shape that most models have
        shape, axes = a_shape(rng, 4, 9), [1, 2]
    else:
        shape = a_shape(rng, rank, 6)
        n_axes = int(rng.integers(1, min(rank, 2 if is_sum else 4) + 1))
        axes = rng.choice(rank, n_axes, replace=False).tolist()
    keep = bool(rng.integers(2))
    reduced = [1 if i in axes else n for i, n in enumerate(shape) if keep or i not in axes]
    named = [axis - len(shape) if rng.random() < 0.3 else axis for axis in axes]
    first: dict[str, float] = {}
    if dtype not in ("float32", "bool"):
        symmetric = dtype == "int16"
        first = {"scale": a_scale(rng), "zero_point": 0 if symmetric else a_zero_point(rng)}
    last = first
    if is_sum and first and rng.random() < 0.8:
        n = float(np.prod([shape[axis] for axis in axes])) if kind == "SUM" else 1.0
        scale = float(np.float32(first["scale"] * n**0.5 * np.exp(rng.normal(0, 1.5))))
        last = {"scale": scale, "zero_point": 0 if dtype == "int16" else a_zero_point(rng)}
    x, y = net.tensor(shape, dtype, **first), net.tensor(tuple(reduced), dtype, **last)
    table = net.tensor((len(axes),), "int32", data=np.array(named))
    net.operator(kind, [x, table], [y], {0: ("u1", int(keep))}, 27)
    return Single(net, [x], [y], rtol=1e-6 if dtype == "float32" and is_sum else 0.0)


CASES = {
    "mean int8": lambda rng: reduction(rng, "MEAN", "int8"),
    "mean int16": lambda rng: reduction(rng, "MEAN", "int16"),
    "mean float": lambda rng: reduction(rng, "MEAN", "float32"),
    "sum int8": lambda rng: reduction(rng, "SUM", "int8"),
    "sum int16": lambda rng: reduction(rng, "SUM", "int16"),
    "sum float": lambda rng: reduction(rng, "SUM", "float32"),
    "reduce_all": lambda rng: reduction(rng, "REDUCE_ALL", "bool"),
    "reduce_max int8": lambda rng: reduction(rng, "REDUCE_MAX", "int8"),
    "reduce_max float": lambda rng: reduction(rng, "REDUCE_MAX", "float32"),
    "reduce_min int8": lambda rng: reduction(rng, "REDUCE_MIN", "int8"),
    "reduce_min float": lambda rng: reduction(rng, "REDUCE_MIN", "float32"),
}
