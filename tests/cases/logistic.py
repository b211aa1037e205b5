# SPDX-License-Identifier: Apache-2.0
"""Cases of logistic."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import FAR, each, int8_case, int16_case, ramp, real_case, saturated
from cases._scalar import (
    INT32_MAX,
    Op,
    divide_by_pot,
    exp_negative,
    multiply,
    one_over_one_plus,
    quantize_multiplier,
    scale,
    zero,
)
from cases._sigmoid_table import SIGMOID, multiplier_int16

_FAR = {"fake_quantize": FAR}

CASES = (
    int8_case("logistic", "int8", (0.05, 3), (1 / 256, -128)),
    int8_case("logistic", "int8, zero point -128", (0.03, -128), (1 / 256, -128)),
    int8_case("logistic", "int8, zero point 127", (0.1, 127), (1 / 256, -128)),
    int8_case("logistic", "int8, coarse: beyond the radius", (0.7, -5), (1 / 256, -128)),
    int8_case("logistic", "int8, radius 0", (40.0, 1), (1 / 256, -128), skips=_FAR),
    int8_case("logistic", "int8, fine", (1e-5, 0), (1 / 256, -128)),
    int8_case("logistic", "int8, multiplier below 1", (1e-9, 0), (1 / 256, -128)),
    int16_case("logistic", "int16, scale 2^-12", (2.0**-12, 0), (2.0**-15, 0)),
    int16_case("logistic", "int16, scale 2^-11", (2.0**-11, 0), (2.0**-15, 0)),
    int16_case("logistic", "int16, any scale", (3.7e-4, 0), (2.0**-15, 0)),
    int16_case("logistic", "int16, coarse", (0.5, 0), (2.0**-15, 0)),
    int16_case("logistic", "int16, coarsest", (2.6, 0), (2.0**-15, 0)),
    int16_case("logistic", "int16, finest", (1e-9, 0), (2.0**-15, 0)),
    real_case("logistic", ramp(-90, 90), 1e-6),
    real_case("logistic", ramp(-1, 1), 3e-7, "float near 0"),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, lambda x: 1 / (1 + math.exp(-x)))
    if op.out.dtype == "int8":
        return each(op, lambda q: _int8(op, q))
    multiplier, shift = multiplier_int16(op, (0,))
    half = 1 << (shift - 1) if shift else 0
    return each(op, lambda q: _int16((q * multiplier + half) >> shift))


def _int8(op: Op, q: int) -> int:
    real = scale(op.values[0]) * (1 << 27)
    exponent = math.frexp(real)[1]
    radius = math.floor(15.0 * (1 << 27) / 2.0**exponent)
    x = q - zero(op.values[0])
    if x <= -radius:
        return -128
    if x >= radius:
        return 127
    x = multiply(x, *quantize_multiplier(real))
    result = 1 << 30
    if x != 0:
        result = one_over_one_plus(exp_negative(-abs(x), 4))
        result = result if x > 0 else INT32_MAX - result
    return saturated(op, divide_by_pot(result, 23) - 128)


def _int16(x: int) -> int:
    i, rest = abs(x) >> 9, abs(x) & 511
    if i >= 255:
        result = 0x7FFF << 10
    else:
        result = (SIGMOID[i] << 9) + rest * (SIGMOID[i + 1] - SIGMOID[i])
    result = result + 512 if x >= 0 else (1 << 25) - result + 512 - 1
    return result >> 10
