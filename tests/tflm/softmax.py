# SPDX-License-Identifier: Apache-2.0
"""Random softmaxes."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_zero_point
from unit._tflite_bytes import Model


def softmax(rng: Generator) -> Single:
    net = Model()
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 100)))
    x = net.tensor(shape, scale=a_scale(rng, 1e-3, 2), zero_point=a_zero_point(rng))
    y = net.tensor(shape, scale=1 / 256, zero_point=-128)
    net.operator("SOFTMAX", [x], [y], {0: ("f4", float(rng.choice([0.5, 1.0, 2.0])))}, 9)
    return Single(net, [x], [y])


CASES = {
    "softmax": softmax,
}
