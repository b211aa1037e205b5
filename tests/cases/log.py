# SPDX-License-Identifier: Apache-2.0
"""Cases of log."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array
from cases._pointwise import FAR, f32, int8_case, int16_case, real_case, tabled
from cases._scalar import RANGE, Op, scale, zero

_NONE = {"fake_quantize": "numbers without a logarithm become the smallest, not NaN"}

CASES = (
    int8_case("log", "int8", (0.1, -128), (0.02, 10)),
    int8_case("log", "int8, no positive number", (0.1, 127), (0.02, 10), skips=_NONE),
    int8_case("log", "int8, saturates", (0.003, -100), (0.01, 100), skips=_NONE),
    int16_case("log", "int16", (1e-3, 0), (2e-4, 0), skips={"fake_quantize": FAR}),
    int16_case("log", "int16, saturates", (1e-4, 0), (1e-5, 0), skips={"fake_quantize": FAR}),
    real_case("log", np.logspace(-37, 38, 151), 1e-5),
    real_case("log", np.linspace(0.5, 2.0, 151), 3e-7, "float near 1"),
)


def scalar(op: Op) -> Array:
    lowest = RANGE.get(op.out.dtype, (0, 0))[0]

    def function(x: np.float32) -> np.float32:
        if x <= 0:
            return f32(lowest - zero(op.out)) * f32(scale(op.out))
        return f32(np.log(np.float64(x)))

    return tabled(op, math.log, function)
