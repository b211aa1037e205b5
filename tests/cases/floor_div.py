# SPDX-License-Identifier: Apache-2.0
"""Cases of floor_div."""

from __future__ import annotations

from cases._binaries import each, floor_quotient
from cases._floors import floors
from cases._scalar import Array, Op

CASES = floors("floor_div")


def scalar(op: Op) -> Array:
    return each(op, floor_quotient)
