# SPDX-License-Identifier: Apache-2.0
"""Random pools."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point, reach
from unit._tflite_bytes import Model


def pool(rng: Generator, kind: str, dtype: str = "int8") -> Single:
    net = Model()
    h, w, c = a_shape(rng, 3, 9)
    same = bool(rng.integers(2))
    kernel = (int(rng.integers(1, h + 1)), int(rng.integers(1, w + 1)))
    stride = a_shape(rng, 2, 3)
    quant: dict[str, float] = {}
    if dtype != "float32":
        symmetric = dtype == "int16"
        quant = {"scale": a_scale(rng), "zero_point": 0 if symmetric else a_zero_point(rng)}
    sizes = [reach(same, n, k, s, 1) for n, k, s in zip((h, w), kernel, stride, strict=True)]
    n = int(rng.integers(1, 3))
    x, y = (net.tensor((n, *shape, c), dtype, **quant) for shape in ((h, w), sizes))
    sides = [("i4", stride[1]), ("i4", stride[0]), ("i4", kernel[1]), ("i4", kernel[0])]
    options = [("i1", 0 if same else 1), *sides, ("i1", int(rng.integers(4)))]
    net.operator(kind, [x], [y], dict(enumerate(options)), 5)
    return Single(net, [x], [y], rtol=0.0 if kind == "MAX_POOL_2D" else 1e-6)


CASES = {
    "average_pool2d": lambda rng: pool(rng, "AVERAGE_POOL_2D"),
    "average_pool2d int16": lambda rng: pool(rng, "AVERAGE_POOL_2D", "int16"),
    "average_pool2d float": lambda rng: pool(rng, "AVERAGE_POOL_2D", "float32"),
    "l2_pool2d": lambda rng: pool(rng, "L2_POOL_2D", "float32"),
    "max_pool2d": lambda rng: pool(rng, "MAX_POOL_2D"),
    "max_pool2d int16": lambda rng: pool(rng, "MAX_POOL_2D", "int16"),
    "max_pool2d float": lambda rng: pool(rng, "MAX_POOL_2D", "float32"),
}
