# SPDX-License-Identifier: Apache-2.0
"""Cases of round."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("round", ramp(-5, 5, 81)),
    real_case("round", [8388607.5, -8388606.5, 0.49999997, 1e9, 3e38, 1e-30], what="float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, round)
