# SPDX-License-Identifier: Apache-2.0
"""Cases of sign."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("sign", ramp(-5, 5, 81)),
    real_case("sign", [1e-45, -1e-45, 3e38, -3e38], what="float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, lambda x: float((x > 0) - (x < 0)))
