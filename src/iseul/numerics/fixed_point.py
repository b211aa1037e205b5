# SPDX-License-Identifier: Apache-2.0
"""Fixed-point functions of gemmlowp that the integer softmax is made of.

`Qm.n` below is a signed 32-bit number with m integer and n = 31 - m fractional bits. The
constants are gemmlowp's (`fixedpoint/fixedpoint.h`); the texts here are our own. Integers are
int64 arrays or torch int64 tensors unless a function says otherwise.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from iseul.numerics.requantize import Integers, rounding_divide_by_pot

Int64 = NDArray[np.int64]

_LOW, _HIGH = -(2**31), 2**31 - 1


def high_mul(a: Integers, b: Integers) -> Integers:
    """Saturating rounding doubling high multiply of signed 32-bit numbers of either sign.

    gemmlowp nudges by the product's sign and truncates; that is rounding half up, and only
    (-2^31)^2 leaves 32 bits.
    """
    return ((a * b + (1 << 30)) >> 31).clip(_LOW, _HIGH)


def saturating_shift_left(x: Integers, exponent: int) -> Integers:
    """x * 2^exponent saturated to 32 bits."""
    return (x << exponent).clip(_LOW, _HIGH)


# exp(-2^k) in Q0.31 for k = -2 .. 4, the barrel-shifter factors of gemmlowp
_EXP_FACTORS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
_EXP_MINUS_EIGHTH = 1895147668  # exp(-1/8) in Q0.31
_ONE_THIRD = 715827883  # 1/3 in Q0.31


def exp_on_quarter(a: Integers) -> Integers:
    """exp(a) for a in [-1/4, 0) given in Q0.31; result in Q0.31."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4 = high_mul(x2, x2)
    x4_over_4 = rounding_divide_by_pot(x4, 2)
    inner = high_mul(x4_over_4 + x3, _ONE_THIRD) + x2
    polynomial = rounding_divide_by_pot(inner, 1)
    return _EXP_MINUS_EIGHTH + high_mul(x + polynomial, _EXP_MINUS_EIGHTH)


def exp_on_negative_values(a: Int64, integer_bits: int) -> Int64:
    """exp(a) for a <= 0 given with `integer_bits` integer bits; result in Q0.31. numpy only."""
    a = np.asarray(a, np.int64)
    fraction_bits = 31 - integer_bits
    one_quarter = 1 << (fraction_bits - 2)
    mod = (a & (one_quarter - 1)) - one_quarter
    result = exp_on_quarter(saturating_shift_left(mod, integer_bits))
    remainder = mod - a
    for exponent, factor in _EXP_FACTORS:
        if integer_bits > exponent:
            bit = 1 << (fraction_bits + exponent)
            result = np.where(remainder & bit, high_mul(result, factor), result)
    if integer_bits > 5:
        result = np.where(a < -(1 << (fraction_bits + 5)), 0, result)
    return np.where(a == 0, _HIGH, result)


_48_OVER_17 = 1515870810  # 48/17 in Q2.29
_MINUS_32_OVER_17 = -1010580540  # -32/17 in Q2.29


def one_over_one_plus_x(a: Integers) -> Integers:
    """1 / (1 + a) for a in [0, 1) in Q0.31; result in Q0.31. Three Newton-Raphson steps."""
    half_denominator = (a + _HIGH + 1) >> 1  # (a + 1) / 2, rounded
    x = _48_OVER_17 + high_mul(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        one_minus = (1 << 29) - high_mul(half_denominator, x)
        x = x + saturating_shift_left(high_mul(x, one_minus), 2)
    return saturating_shift_left(x, 1)
