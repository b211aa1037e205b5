# SPDX-License-Identifier: Apache-2.0
"""Cases of sqrt."""

from __future__ import annotations

import numpy as np

from cases._case import Array
from cases._pointwise import each, f32, int8_case, int16_case, ramp, real_case, saturated
from cases._scalar import Op, scale, zero

_NONE = {"fake_quantize": "negative reals count as 0, not as NaN"}

CASES = (
    int8_case("sqrt", "int8", (0.05, -128), (0.02, -128)),
    int8_case("sqrt", "int8, negative reals", (0.05, 10), (0.02, -100), skips=_NONE),
    int8_case("sqrt", "int8, saturates", (9.0, -128), (0.02, 3)),
    int16_case("sqrt", "int16", (3.1e-3, 0), (2.7e-4, 0), skips=_NONE),
    int16_case("sqrt", "int16, saturates", (0.9, 0), (1e-5, 0), skips=_NONE),
    int16_case("sqrt", "int16, zero points", (0.9, -32768), (1e-2, -32768)),
    real_case("sqrt", ramp(0, 9)),
    real_case("sqrt", np.array([1e-45, 1e-40, 1.2e-38, 3e-30, 7e20, 3.4e38]), what="float, far"),
)


def scalar(op: Op) -> Array:
    if op.real:
        return each(op, lambda x: float(np.sqrt(f32(x))))
    s_in, s_out = f32(scale(op.values[0])), f32(scale(op.out))

    def function(q: int) -> int:
        root = np.sqrt(f32(s_in * f32(max(q - zero(op.values[0]), 0))))
        return saturated(op, int(f32(root / s_out)) + zero(op.out))

    return each(op, function)
