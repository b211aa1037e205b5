# SPDX-License-Identifier: Apache-2.0
"""Requantization by float32 factors, as ONNX Runtime's CPU kernels do it on x86-64.

TensorFlow Lite multiplies an accumulator by a fixed-point number and rounds halves away from
zero; ONNX Runtime converts it to float32, multiplies and rounds halves to even
(onnxruntime/core/mlas/lib/quantize.cpp). Every step here is one IEEE float32 operation, so that
numpy, torch and C agree to the bit. All functions take numpy arrays and torch tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Requantization = Literal["fixed_point", "float"]

# Clears the lower 12 bits of a float32's mantissa: what is left has 12 bits, the implicit one
# included, so that its product with an integer of up to 12 bits is exact
_UPPER = np.uint32(0xFFFFF000)


def ratio(*factors: float, divisor: float) -> np.float32:
    """factors[0] * factors[1] ... / divisor, rounded to float32 after each step."""
    product = np.float32(1.0)
    for factor in factors:
        product = np.float32(product * np.float32(factor))
    return np.float32(product / np.float32(divisor))


def to_float(x: Any) -> Any:
    """Integers to the nearest float32, ties to even."""
    return x.astype(np.float32) if isinstance(x, np.ndarray | np.generic) else x.float()


def round_half_even(x: Any) -> Any:
    """Reals to the nearest whole number, ties to even."""
    return np.rint(x) if isinstance(x, np.ndarray | np.generic) else x.round()


def to_whole(y: Any, low: int, high: int) -> Any:
    """float32 to int64 in [low, high], ties to even."""
    limited = round_half_even(y.clip(float(low), float(high)))
    return limited.astype(np.int64) if isinstance(y, np.ndarray | np.generic) else limited.long()


def requantize_float(x: Any, scale: Any, low: int, high: int) -> Any:
    """x * scale rounded half to even into [low, high].

    x:     int64 accumulators of at most 32 bits
    scale: float32, a number or one per last axis
    """
    return to_whole(to_float(x) * scale, low, high)


def halves(scale: np.float32) -> tuple[np.float32, np.float32]:
    """A float32 as the sum of two that have 12 bits of mantissa each."""
    bits = np.array(scale, np.float32).view(np.uint32) & _UPPER
    upper = np.float32(bits.view(np.float32))
    return upper, np.float32(scale - upper)


def fused(a: Any, scale: np.float32, c: Any) -> Any:
    """a * scale + c rounded once, as a fused multiply-add of x86-64's AVX2 gives it.

    By error-free sums (Dekker, Numerische Mathematik 18, 1971; Knuth, TAOCP 2): the product is
    that of `halves`, its error and that of the sum are added to the sum last. Equal to a fused
    multiply-add but for sums within 2^-24 of half a unit in the last place.

    a: whole numbers below 2^11 in float32;  c: float32
    """
    upper, lower = halves(scale)
    large, small = a * upper, a * lower  # exact
    product = large + small
    error = small - (product - large)
    total = product + c
    other = total - product
    rest = (product - (total - other)) + (c - other)
    return total + (rest + error)


def fused_number(a: int, scale: np.float32, c: np.float32) -> np.float32:
    """`fused` of single numbers."""
    whole: NDArray[np.float32] = fused(np.array([a], np.float32), scale, np.float32(c))
    return np.float32(whole[0])
