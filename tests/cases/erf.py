# SPDX-License-Identifier: Apache-2.0
"""Cases of erf."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("erf", ramp(-6, 6), 1e-6),
    real_case("erf", [1e-30, -9.0, 1e20, -1e38, 0.99999994, 1.0], 1e-6, "float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, math.erf)
