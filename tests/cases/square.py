# SPDX-License-Identifier: Apache-2.0
"""Cases of square."""

from __future__ import annotations

import numpy as np

from cases._case import Array
from cases._pointwise import each, ramp, real_case
from cases._scalar import Op

CASES = (real_case("square", ramp(-5, 5, 81)),)


def scalar(op: Op) -> Array:
    return each(op, lambda x: float(np.float32(x) * np.float32(x)))
