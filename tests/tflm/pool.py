# SPDX-License-Identifier: Apache-2.0
"""Random pools."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point, reach
from unit._tflite_bytes import Model


def pool(rng: Generator, kind: str) -> Single:
    net = Model()
    h, w, c = a_shape(rng, 3, 9)
    same = bool(rng.integers(2))
    kernel = (int(rng.integers(1, h + 1)), int(rng.integers(1, w + 1)))
    stride = a_shape(rng, 2, 3)
    quant = {"scale": a_scale(rng), "zero_point": a_zero_point(rng)}
    sizes = [reach(same, n, k, s, 1) for n, k, s in zip((h, w), kernel, stride, strict=True)]
    x, y = net.tensor((1, h, w, c), **quant), net.tensor((1, *sizes, c), **quant)
    sides = [("i4", stride[1]), ("i4", stride[0]), ("i4", kernel[1]), ("i4", kernel[0])]
    options = [("i1", 0 if same else 1), *sides, ("i1", int(rng.integers(4)))]
    net.operator(kind, [x], [y], dict(enumerate(options)), 5)
    return Single(net, [x], [y])


CASES = {
    "average_pool2d": lambda rng: pool(rng, "AVERAGE_POOL_2D"),
    "max_pool2d": lambda rng: pool(rng, "MAX_POOL_2D"),
}
