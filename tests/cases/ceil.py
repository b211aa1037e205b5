# SPDX-License-Identifier: Apache-2.0
"""Cases of ceil."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("ceil", ramp(-5, 5, 81)),
    real_case("ceil", [8388607.5, -8388607.5, 1e9, -1e9, 3e38, 1e-30], what="float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, math.ceil)
