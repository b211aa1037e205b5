# SPDX-License-Identifier: Apache-2.0
"""Random additions."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def add(rng: Generator) -> Single:
    net = Model()
    shape = a_shape(rng, 4, 6)
    other = tuple(1 if rng.random() < 0.3 else size for size in shape)
    data = rng.integers(-128, 128, other) if rng.random() < 0.3 else None
    a = net.tensor(shape, scale=a_scale(rng), zero_point=a_zero_point(rng))
    b = net.tensor(other, scale=a_scale(rng), zero_point=a_zero_point(rng), data=data)
    y = net.tensor(shape, scale=a_scale(rng, 1e-3, 2), zero_point=a_zero_point(rng))
    net.operator("ADD", [a, b], [y], {0: ("i1", int(rng.integers(4)))}, 11)
    return Single(net, [a, b] if data is None else [a], [y])


CASES = {
    "add": add,
}
