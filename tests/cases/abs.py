# SPDX-License-Identifier: Apache-2.0
"""Cases of abs."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import (
    each,
    int8_case,
    int16_case,
    plain_case,
    ramp,
    real_case,
    saturated,
    wrapped,
)
from cases._scalar import Op, multiply, quantize_multiplier, scale, zero

CASES = (
    int8_case("abs", "int8", (0.05, 3), (0.04, -100)),
    int8_case("abs", "int8, same scale", (0.05, 3), (0.05, -128)),
    int8_case("abs", "int8, zero points at the ends", (0.05, 127), (0.05, -128)),
    int8_case("abs", "int8, saturates", (0.9, -128), (0.01, 127)),
    int16_case("abs", "int16", (3.1e-4, 0), (2.7e-4, 0)),
    int16_case("abs", "int16, same scale", (3.1e-4, 0), (3.1e-4, 0)),
    int16_case("abs", "int16, far coarser", (3.1e-4, 0), (0.1, 0)),
    plain_case("abs"),
    real_case("abs", ramp(-9, 9)),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, lambda x: -x if x < 0 else x)
    if op.out.dtype == "int32":
        return each(op, lambda q: wrapped(abs(q), 32))
    pair = quantize_multiplier(scale(op.values[0]) / scale(op.out))
    same = scale(op.values[0]) == scale(op.out)

    def function(q: int) -> int:
        x = abs(q - zero(op.values[0]))
        return saturated(op, (x if same else multiply(x, *pair)) + zero(op.out))

    return each(op, function)
