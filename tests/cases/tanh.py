# SPDX-License-Identifier: Apache-2.0
"""Cases of tanh."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import FAR, each, int8_case, int16_case, ramp, real_case, saturated
from cases._scalar import (
    INT32_MAX,
    Op,
    divide,
    divide_by_pot,
    exp_negative,
    high_mul,
    multiply,
    multiply_by_pot,
    quantize_multiplier,
    scale,
    zero,
)
from cases._sigmoid_table import SIGMOID, multiplier_int16

_FAR = {"fake_quantize": FAR}

CASES = (
    int8_case("tanh", "int8", (0.02, 3), (1 / 128, 0)),
    int8_case("tanh", "int8, zero point -128", (0.03, -128), (1 / 128, 0)),
    int8_case("tanh", "int8, zero point 127", (0.1, 127), (1 / 128, 0)),
    int8_case("tanh", "int8, coarse: beyond the radius", (0.7, -5), (1 / 128, 0)),
    int8_case("tanh", "int8, radius 0", (40.0, 1), (1 / 128, 0), skips=_FAR),
    int8_case("tanh", "int8, fine", (1e-5, 0), (1 / 128, 0)),
    int16_case("tanh", "int16, scale 2^-12", (2.0**-12, 0), (2.0**-15, 0)),
    int16_case("tanh", "int16, scale 2^-11", (2.0**-11, 0), (2.0**-15, 0)),
    int16_case("tanh", "int16, scale 2^-10", (2.0**-10, 0), (2.0**-15, 0)),
    int16_case("tanh", "int16, any scale", (3.7e-4, 0), (2.0**-15, 0), skips=_FAR),
    int16_case("tanh", "int16, coarsest", (2.6, 0), (2.0**-15, 0)),
    int16_case("tanh", "int16, finest", (1e-9, 0), (2.0**-15, 0)),
    real_case("tanh", ramp(-12, 12), 1e-6),
    real_case("tanh", ramp(-1e-3, 1e-3), 1e-9, "float near 0"),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, math.tanh)
    if op.out.dtype == "int8":
        return each(op, lambda q: _int8(op, q))
    multiplier, shift = multiplier_int16(op, (0, 1))
    half = 1 << (shift - 1) if shift else 0
    return each(op, lambda q: _int16((q * multiplier + half) >> shift))


def one_minus_over_one_plus(a: int) -> int:
    """one_minus_x_over_one_plus_x_for_x_in_0_1, Q0.31."""
    half = divide(a + INT32_MAX + 1, 2)
    x = 1515870810 + high_mul(half, -1010580540)
    for _ in range(3):
        x += multiply_by_pot(high_mul(x, (1 << 29) - high_mul(half, x)), 2)
    return multiply_by_pot(x - (1 << 29), 2)


def _int8(op: Op, q: int) -> int:
    real = scale(op.values[0]) * (1 << 27)
    radius = math.floor(15.0 * (1 << 27) / 2.0 ** math.frexp(real)[1])
    x = q - zero(op.values[0])
    if x <= -radius:
        return -128
    if x >= radius:
        return 127
    x = multiply(x, *quantize_multiplier(real))
    result = 0
    if x != 0:
        result = one_minus_over_one_plus(exp_negative(-abs(x), 5))
        result = result if x > 0 else -result
    return saturated(op, divide_by_pot(result, 24))


def _int16(x: int) -> int:
    i, rest = abs(x) >> 8, abs(x) & 255
    if i >= 255:
        result = 0xFFFF << 8
    else:
        result = (SIGMOID[i] << 8) + rest * (SIGMOID[i + 1] - SIGMOID[i])
    if x >= 0:
        result = result - (1 << 23) + 128
    else:
        result = -result + (1 << 23) + 128 - 1
    return result >> 8
