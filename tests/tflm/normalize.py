# SPDX-License-Identifier: Apache-2.0
"""Random normalizations."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def l2_normalization(rng: Generator, dtype: str) -> Single:
    net = Model()
    shape = (*a_shape(rng, int(rng.integers(0, 4)), 5), int(2 ** rng.uniform(0, 9)))
    if dtype == "float32":
        x, y = net.tensor(shape, dtype), net.tensor(shape, dtype)
    else:
        x = net.tensor(shape, scale=a_scale(rng), zero_point=a_zero_point(rng))
        y = net.tensor(shape, scale=1 / 128)
    net.operator("L2_NORMALIZATION", [x], [y], {}, 12)
    return Single(net, [x], [y], rtol=1e-6)


CASES = {
    "l2_normalization int8": lambda rng: l2_normalization(rng, "int8"),
    "l2_normalization float": lambda rng: l2_normalization(rng, "float32"),
}
