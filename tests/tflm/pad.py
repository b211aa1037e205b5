# SPDX-License-Identifier: Apache-2.0
"""Random paddings."""

from __future__ import annotations

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def pad(rng: Generator) -> Single:
    net = Model()
    rank = int(rng.integers(2, 5))
    shape, amount = a_shape(rng, rank, 5), rng.integers(0, 4, (rank, 2))
    amount[0] = 0
    quant = {"scale": a_scale(rng), "zero_point": a_zero_point(rng)}
    inputs = [net.tensor(shape, **quant), net.tensor((rank, 2), "int32", data=amount)]
    if rng.random() < 0.5:
        inputs.append(net.tensor((1,), **quant, data=[int(rng.integers(-128, 128))]))
    wide = tuple(n + int(a.sum()) for n, a in zip(shape, amount, strict=True))
    y = net.tensor(wide, **quant)
    net.operator("PAD" if len(inputs) == 2 else "PADV2", inputs, [y])
    return Single(net, inputs[:1], [y])


CASES = {
    "pad": pad,
}
