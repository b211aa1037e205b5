# SPDX-License-Identifier: Apache-2.0
"""Cases of softplus."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("softplus", ramp(-25, 25), 3e-6),
    real_case("softplus", [-1e30, 1e4, -100.0, 60.0], 3e-6, "float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))))
