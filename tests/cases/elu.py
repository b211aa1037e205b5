# SPDX-License-Identifier: Apache-2.0
"""Cases of elu."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array
from cases._pointwise import f32, int8_case, ramp, real_case, tabled
from cases._scalar import Op

CASES = (
    int8_case("elu", "int8", (0.05, 3), (0.04, -60)),
    int8_case("elu", "int8, zero points at the ends", (0.02, 127), (0.01, 127)),
    int8_case("elu", "int8, saturates", (0.2, -20), (0.01, 5)),
    int8_case("elu", "int8, alpha 0.5", (0.05, 3), (0.04, -60), alpha=0.5),
    real_case("elu", ramp(-20, 5), 1e-6),
    real_case("elu", ramp(-1e-3, 1e-3), 1e-9, "float near 0", alpha=2.0),
)


def scalar(op: Op) -> Array:
    alpha = op.attrs.alpha

    def function(x: np.float32) -> np.float32:
        if x >= 0:
            return x
        return f32(f32(alpha) * f32(f32(np.exp(np.float64(x))) - f32(1)))

    return tabled(op, lambda x: x if x >= 0 else alpha * math.expm1(x), function)
