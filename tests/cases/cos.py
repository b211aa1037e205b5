# SPDX-License-Identifier: Apache-2.0
"""Cases of cos."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("cos", ramp(-40, 40), 1e-6),
    real_case("cos", [1e4, -1e6, 3e7, 1e20, -3e38, 1e-30], 1e-6, "float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, math.cos)
