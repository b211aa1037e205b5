# SPDX-License-Identifier: Apache-2.0
"""Cases of softsign."""

from __future__ import annotations

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (
    real_case("softsign", ramp(-25, 25), 1e-6),
    real_case("softsign", [-1e30, 1e30, 1e-30], 1e-6, "float, far"),
)


def scalar(op: Op) -> Array:
    return each(op, lambda x: x / (1 + abs(x)))
