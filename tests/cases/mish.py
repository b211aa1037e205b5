# SPDX-License-Identifier: Apache-2.0
"""Cases of mish."""

from __future__ import annotations

import math

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("mish", ramp(-25, 25), 5e-6),
    real_case("mish", [-1e30, -88.0, 60.0], 1e-5, "float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, lambda x: x * math.tanh(max(x, 0.0) + math.log1p(math.exp(-abs(x)))))
