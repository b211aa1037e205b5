# SPDX-License-Identifier: Apache-2.0
"""Cases of hard_swish."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import each, int8_case, ramp, real_case, saturated
from cases._scalar import Op, divide, divide_by_pot, quantize_multiplier, scale, zero

CASES = (
    int8_case("hard_swish", "int8", (0.05, 3), (0.03, -110)),
    int8_case("hard_swish", "int8, zero points at the ends", (0.05, -128), (0.05, -128)),
    int8_case("hard_swish", "int8, zero point 127", (0.05, 127), (0.004, 127)),
    int8_case("hard_swish", "int8, coarse: saturates on the way", (3.0, 4), (1.5, -100)),
    int8_case("hard_swish", "int8, fine", (0.002, 0), (0.001, 0)),
    int8_case("hard_swish", "int8, very fine", (1e-5, 0), (5e-6, 0)),
    int8_case("hard_swish", "int8, saturates", (0.1, -20), (0.01, 3)),
    real_case("hard_swish", ramp(-9, 9), 1e-6),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, lambda x: x * min(6.0, max(0.0, x + 3)) / 6)
    fine = scale(op.values[0]) / 128
    out, relu = (_short(fine / s) for s in (scale(op.out), 3 / 32768))
    return each(op, lambda q: _int8(op, q, out, relu))


def _short(real: float) -> tuple[int, int]:
    """QuantizeMultiplier, DownScaleInt32ToInt16Multiplier."""
    multiplier, exponent = quantize_multiplier(real)
    if multiplier >= 2**31 - 1 - (1 << 15):
        return 32767, exponent
    return (multiplier + (1 << 15)) >> 16, exponent


def _high_mul(a: int, b: int) -> int:
    """SaturatingRoundingDoublingHighMul of int16."""
    return divide(a * b + ((1 << 14) if a * b >= 0 else 1 - (1 << 14)), 1 << 15)


def _left(x: int, n: int) -> int:
    """SaturatingLeftShift."""
    return min(max(x << n, -32768), 32767)


def _int8(op: Op, q: int, out: tuple[int, int], relu: tuple[int, int]) -> int:
    fine = (q - zero(op.values[0])) << 7
    scaled = _high_mul(fine, out[0])
    factor = _left(fine, relu[1] - 1) if relu[1] > 0 else fine
    factor = _high_mul(factor, relu[0])
    if relu[1] > 0:
        factor = _left(factor, 1)
    if relu[1] < 0:
        factor = divide_by_pot(factor, -relu[1])
    factor = (factor + (1 << 15)) >> 1
    product = divide(factor * scaled, 1 << 15)
    return saturated(op, divide_by_pot(product, -out[1]) + zero(op.out))
