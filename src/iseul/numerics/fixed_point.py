# SPDX-License-Identifier: Apache-2.0
"""Fixed-point functions of gemmlowp that integer softmax, logistic and tanh are made of.

`Qm.n` below is a signed 32-bit number with m integer and n = 31 - m fractional bits. The
constants are gemmlowp's (`fixedpoint/fixedpoint.h`) and, for the logarithm and the inverse
square root, TensorFlow Lite's (`kernels/internal/common.h`); the texts here are our own. Integers
are int64 arrays or torch int64 tensors unless a function says otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from iseul.numerics.requantize import Integers, rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Callable

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


def _reciprocal_of_half(a: Integers) -> Integers:
    """2 / (1 + a) for a in [0, 1] in Q0.31; result in Q2.29. Three Newton-Raphson steps."""
    half_denominator = (a + _HIGH + 1) >> 1  # (a + 1) / 2, rounded
    x = _48_OVER_17 + high_mul(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        one_minus = (1 << 29) - high_mul(half_denominator, x)
        x = x + saturating_shift_left(high_mul(x, one_minus), 2)
    return x


def one_over_one_plus_x(a: Integers) -> Integers:
    """1 / (1 + a) for a in [0, 1] in Q0.31; result in Q0.31."""
    return saturating_shift_left(_reciprocal_of_half(a), 1)


def one_minus_x_over_one_plus_x(a: Integers) -> Integers:
    """(1 - a) / (1 + a) for a in [0, 1] in Q0.31; result in Q0.31."""
    return saturating_shift_left(_reciprocal_of_half(a) - (1 << 29), 2)


def logistic(a: Int64, integer_bits: int) -> Int64:
    """1 / (1 + exp(-a)) of any a given with `integer_bits` integer bits; Q0.31. numpy only."""
    positive = one_over_one_plus_x(exp_on_negative_values(-np.abs(a), integer_bits))
    result = np.where(a > 0, positive, _HIGH - positive)
    return np.where(a == 0, 1 << 30, result)


def tanh(a: Int64, integer_bits: int) -> Int64:
    """tanh(a) of any a given with `integer_bits` integer bits; Q0.31. numpy only."""
    # exp(-2 |a|): the same integer with one integer bit more
    e = exp_on_negative_values(-np.abs(a), integer_bits + 1)
    return np.sign(a) * one_minus_x_over_one_plus_x(e)


_LOG_2 = 1488522236  # ln 2 in Q0.31
_SQRT_HALF = 1518500250  # sqrt(1/2) in Q0.31
_ROOT_4_HALF = 1805811301  # (1/2)^(1/4) in Q0.31
# coefficients of the rational approximation, in Q0.31
_LOG_N = 117049297  # 11/240 2^(1/4)
_LOG_D = 127690142  # 1/20 2^(1/4)
_LOG_I = 1057819769  # 2 / 2^(1/4) - 2^(1/4)
_LOG_F = 638450708  # 1/4 2^(1/4)


def log(x: Integers, integer_bits: int, bit_length: Callable[[Integers], Integers]) -> Integers:
    """ln(x) for x >= 1 given with `integer_bits` integer bits; result in Q5.26.

    Two normalizations of x, by its own leading bit and by that of x sqrt(1/2), give two
    mantissas r near 2^(-1/4); the smaller one goes into a rational approximation of ln r.

    bit_length: of positive arrays or tensors
    """
    accumulator_bits = 6
    fraction = 31 - accumulator_bits
    quarter = 1 << (fraction - 2)
    bits = bit_length(x)
    r_a = saturating_shift_left(high_mul(x << (31 - bits), _SQRT_HALF), 1)
    power_a = ((integer_bits - 32 + bits) << fraction) + quarter
    bits = bit_length(high_mul(x, _SQRT_HALF))
    r_b = (x << (31 - bits)).clip(_LOW, _HIGH)
    power_b = ((integer_bits - 31 + bits) << fraction) - quarter
    r = r_a + (r_b - r_a) * (r_b < r_a)
    power = power_a + (power_b - power_a) * (power_b > power_a)
    p = (r + _ROOT_4_HALF + 1) >> 1
    q = 2 * (r - _ROOT_4_HALF)
    square = high_mul(q, q)
    numerator = high_mul(q, r) + high_mul(high_mul(q, square), _LOG_N)
    inner = _LOG_I + q + high_mul(square, _LOG_D)
    denominator = high_mul(p, inner) + high_mul(q, _LOG_F)
    scaled = rounding_divide_by_pot(numerator, accumulator_bits)
    total = high_mul(power, _LOG_2) + high_mul(scaled, one_over_one_plus_x(denominator))
    return saturating_shift_left(total, 1)


_THREE_HALVES = (1 << 28) + (1 << 27)  # 1.5 in Q3.28


def inverse_sqrt(x: Integers, bit_length: Integers) -> tuple[Integers, Integers]:
    """(multiplier, shift) with 1 / sqrt(x) = multiplier * 2^(shift - 31); 0 counts as 1.

    Five Newton-Raphson steps in Q3.28 from 1, as TensorFlow Lite's
    GetInvSqrtQuantizedMultiplierExp (kernels/internal/common.h).

    x:          0 .. 2^31 - 1
    bit_length: bits of x
    """
    few = (x <= 1) * 1  # 1 has no room for the shift below
    x, bits = x + few * (2 - x), bit_length + few * (2 - bit_length)
    large = (bits > 29) * 1  # a quarter of it still has 29 bits at most
    x, bits = x >> 2 * large, bits - 2 * large
    pairs = ((31 - bits) >> 1) - 1
    half = rounding_divide_by_pot((x << 2 * pairs) >> 1, 1)
    root = (x - x) + (1 << 28)  # 1 in Q3.28
    for _ in range(5):
        cube = saturating_shift_left(high_mul(high_mul(root, root), root), 6)
        root = saturating_shift_left(high_mul(root, _THREE_HALVES) - high_mul(half, cube), 3)
    multiplier, right = high_mul(root, _SQRT_HALF), 11 + large - pairs
    left = -right * (right < 0)
    multiplier, right = multiplier << left, right + left
    return multiplier + few * (_HIGH - multiplier), -right * (1 - few)
