# SPDX-License-Identifier: Apache-2.0
"""Cases of hard_sigmoid."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("hard_sigmoid", ramp(-5, 5), 1e-6),
    real_case("hard_sigmoid", ramp(-5, 5), 1e-6, "float, a sixth", alpha=1 / 6, beta=0.5),
    real_case("hard_sigmoid", ramp(-5, 5), 1e-6, "float, falling", alpha=-0.7, beta=1.5),
)


def scalar(op: Op) -> Array:
    return each(op, lambda x: min(max(op.attrs.alpha * x + op.attrs.beta, 0.0), 1.0))
