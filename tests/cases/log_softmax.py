# SPDX-License-Identifier: Apache-2.0
"""Cases of log_softmax."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array, Case, Net, quant
from cases._scalar import (
    INT32_MAX,
    INT32_MIN,
    Op,
    divide,
    divide_by_pot,
    exp_negative,
    high_mul,
    multiply,
    multiply_by_pot,
    one_over_one_plus,
    quantize_multiplier,
    scale,
)


def _case(what: str, shape: tuple[int, ...], scale: float, zero: int = 0) -> Case:
    def build(net: Net) -> str:
        x = net.int8(shape, scale, zero)
        return net.node("log_softmax", [x], quant=quant(1 / 16, 127))

    return Case(f"log_softmax/{what}", build)


def _float(net: Net) -> str:
    return net.node("log_softmax", [net.input("x", (1, 4, 11))])


_LIBM = "exp and log of the C library, numpy and torch differ in the last bits"

CASES = (
    _case("10 classes", (1, 10), 0.1),
    _case("12 classes, coarse scale", (1, 12), 0.7, 11),
    _case("2 classes, several rows", (1, 3, 5, 2), 0.05, -128),
    _case("1 class", (1, 1), 0.05),
    _case("4095 classes, all nearly equal", (1, 4095), 1e-4),
    _case("finest scale", (1, 5), 2.0**-24),
    _case("huge scale: only the maximum counts", (1, 9), 40.0),
    _case("distances cut off", (1, 40), 0.3, 5),
    _case("of one axis", (7,), 0.2),
    Case("log_softmax/float", _float, tolerance=3e-6, reason=_LIBM, spread=3.0),
)


def scalar(op: Op) -> Array:
    rows = op.x[0].reshape(-1, op.out.shape[-1]).tolist()
    row = _real if op.real else _of_int8
    return np.array([row(op, values) for values in rows]).reshape(op.out.shape)


def _real(op: Op, row: list[float]) -> list[float]:
    total = math.log(sum(math.exp(x - max(row)) for x in row))
    return [x - max(row) - total for x in row]


def _of_int8(op: Op, row: list[int]) -> list[int]:
    real = min(scale(op.values[0]) * (1 << 26), 2.0**31 - 1.0)
    multiplier, left = quantize_multiplier(real)
    least = -math.floor(1.0 * ((1 << 5) - 1) * (1 << 26) / (1 << left))
    reverse = quantize_multiplier((1 << (31 - left)) / multiplier)
    distances = [q - max(row) for q in row]
    total = 0
    for d in distances:
        if d >= least:
            total += multiply_by_pot(exp_negative(multiply(d, multiplier, left), 5), -12)
    log = log_x(total)
    least = max(least - 1, multiply(log + INT32_MIN, *reverse))
    result = []
    for d in distances:
        q = -128
        if d > least:
            q = divide_by_pot(multiply(d, multiplier, left) - log, 22) + 127
        result.append(min(max(q, -128), 127))
    return result


def log_x(x: int) -> int:
    """log_x_for_x_greater_than_or_equal_to_1 from Q12.19 to Q5.26."""

    def by_pot(a: int, exponent: int) -> int:
        """SaturatingRoundingMultiplyByPOTParam."""
        return a if exponent == 0 else multiply_by_pot(a, exponent)

    sqrt_half, root_4_half = 1518500250, 1805811301
    quarter = divide_by_pot(536870912, 6)
    headroom_a = 32 - x.bit_length()
    r_a = by_pot(high_mul(by_pot(x, headroom_a - 1), sqrt_half), 1)
    power_a = min(by_pot(12 - headroom_a, 25) + quarter, INT32_MAX)
    z_b = high_mul(x, sqrt_half)
    headroom_b = 32 - z_b.bit_length() - 1
    r_b = by_pot(x, headroom_b)
    power_b = max(by_pot(12 - headroom_b, 25) - quarter, INT32_MIN)
    r, power = min(r_a, r_b), max(power_a, power_b)
    p = divide(r + root_4_half + 1, 2)
    q = r - root_4_half
    q += q
    square = high_mul(q, q)
    number = high_mul(q, r) + high_mul(high_mul(q, square), 117049297)
    inner = 1057819769 + q + high_mul(127690142, square)
    denominator = high_mul(p, inner) + high_mul(638450708, q)
    last = high_mul(divide_by_pot(number, 6), one_over_one_plus(denominator))
    return multiply_by_pot(high_mul(power, 1488522236) + last, 1)
