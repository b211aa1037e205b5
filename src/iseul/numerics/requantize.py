# SPDX-License-Identifier: Apache-2.0
"""Requantization: an int32 accumulator times a real multiplier, in integers.

The meaning is TensorFlow Lite Micro's `MultiplyByQuantizedMultiplier` in the default (double
rounding) build: a rounding doubling high multiply, then a rounding right shift, ties away
from zero. We compute it with the nudge forms that are equal for every int32 input:

    SRDHM(x, q)    = floor((x q + 2^30) / 2^31)                      for q >= 0
    RDBPOT(y, n)   = floor((y + 2^(n-1) - [y < 0]) / 2^n)            for n > 0

64-bit accumulators of int16 ops have an overload of their own there, with a multiplier of 16
bits and one rounding: `requantize_wide`.

All functions take numpy integer arrays, Python integers or torch int64 tensors.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Integers = Any  # int, NDArray[np.int64] or torch.Tensor of int64: only operators are used


def quantize_multiplier(real: float) -> tuple[int, int]:
    """(multiplier, shift) with real = multiplier * 2^(shift - 31), multiplier in [2^30, 2^31).

    real: >= 0. Multipliers below 2^-32 become 0, as in TensorFlow Lite.
    """
    if real == 0.0:
        return 0, 0
    mantissa, shift = math.frexp(real)
    multiplier = math.floor(mantissa * (1 << 31) + 0.5)
    if multiplier == 1 << 31:
        multiplier //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        return (1 << 31) - 1, 30
    return multiplier, shift


def quantize_multipliers(
    reals: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`quantize_multiplier` of each element: (multipliers, shifts)."""
    pairs = [quantize_multiplier(float(real)) for real in reals]
    return np.array([m for m, _ in pairs], np.int64), np.array([s for _, s in pairs], np.int64)


def rounding_doubling_high_mul(x: Integers, multiplier: Integers) -> Integers:
    """(2 x multiplier) / 2^32 rounded half up; multiplier >= 0, |x| < 2^31."""
    return (x * multiplier + (1 << 30)) >> 31


def rounding_divide_by_pot(x: Integers, exponent: Integers) -> Integers:
    """x / 2^exponent rounded to nearest, ties away from zero; exponent >= 0."""
    half = (1 << exponent) >> 1
    return (x + half + (x >> 63) * (exponent > 0)) >> exponent


def requantize(x: Integers, multiplier: Integers, shift: Integers) -> Integers:
    """x * multiplier * 2^(shift - 31), rounded twice as the reference does.

    x: int64 carrying int32 values; multiplier, shift: broadcast against x
    """
    left = shift * (shift > 0)
    right = -shift * (shift < 0)
    return rounding_divide_by_pot(rounding_doubling_high_mul(x * (1 << left), multiplier), right)


# What `requantize_wide` may be given: the reference asserts both
WIDE_LIMIT = 1 << 47
WIDE_SHIFT = 7


def reduce_multiplier(multiplier: Integers) -> Integers:
    """The upper 16 bits of a multiplier, rounded half up and at most 2^15 - 1."""
    reduced = (multiplier + (1 << 15)) >> 16
    return reduced - (reduced >> 15)


def requantize_wide(x: Integers, multiplier: Integers, shift: Integers) -> Integers:
    """x * multiplier * 2^(shift - 31) with a multiplier of 16 bits, rounded half up, in int32.

    TensorFlow Lite Micro's MultiplyByQuantizedMultiplier of an int64 (kernels/internal/common.cc).

    x:     |x| < 2^47
    shift: -31 .. 7
    A result beyond 32 bits wraps around, as the reference's does.
    """
    half = 1 << (14 - shift)
    return wrap_int32((x * reduce_multiplier(multiplier) + half) >> (15 - shift))


def wrap_int32(x: Integers) -> Integers:
    """x modulo 2^32, in the range of int32."""
    return ((x + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)
