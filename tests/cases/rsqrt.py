# SPDX-License-Identifier: Apache-2.0
"""Cases of rsqrt."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array
from cases._pointwise import FAR, each, f32, int8_case, int16_case, real_case, saturated
from cases._scalar import (
    INT32_MAX,
    RANGE,
    Op,
    divide_by_pot,
    high_mul,
    multiply,
    multiply_by_pot,
    quantize_multiplier,
    scale,
    zero,
)

_FAR = {"fake_quantize": FAR}

CASES = (
    int8_case("rsqrt", "int8", (0.05, -128), (0.03, -128)),
    int8_case("rsqrt", "int8, not positive too", (0.5, 10), (0.02, -100), skips=_FAR),
    int8_case("rsqrt", "int8, saturates", (1e-4, -128), (0.1, 20)),
    int16_case("rsqrt", "int16", (3.1e-3, 0), (1e-3, 0), skips=_FAR),
    int16_case("rsqrt", "int16, saturates", (1e-6, 0), (2e-3, 0), skips=_FAR),
    int16_case("rsqrt", "int16, far coarser", (90.0, 0), (40.0, 0), skips=_FAR),
    real_case("rsqrt", np.logspace(-37, 38, 151)[100:]),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, lambda x: float(f32(1) / np.sqrt(f32(x))))
    pair = quantize_multiplier(1.0 / (math.sqrt(scale(op.values[0])) * scale(op.out)))

    def function(q: int) -> int:
        x = q - zero(op.values[0])
        if x <= 0:
            return RANGE[op.out.dtype][1]
        inverse, shift = inverse_sqrt(x)
        root = multiply(1, inverse, shift + 20)
        return saturated(op, multiply(root, pair[0], pair[1] - 20) + zero(op.out))

    return each(op, function)


def inverse_sqrt(x: int) -> tuple[int, int]:
    """GetInvSqrtQuantizedMultiplierExp with a reversed shift."""
    if x <= 1:
        return INT32_MAX, 0
    shift = 11
    pairs = (31 - x.bit_length()) // 2 - 1
    shift -= pairs
    x <<= 2 * pairs
    half = divide_by_pot(x >> 1, 1)
    y = 1 << 28
    for _ in range(5):
        cube = multiply_by_pot(high_mul(high_mul(y, y), y), 6)
        y = multiply_by_pot(high_mul((1 << 28) + (1 << 27), y) - high_mul(half, cube), 3)
    y = high_mul(y, 1518500250)
    return (y << -shift, 0) if shift < 0 else (y, -shift)
