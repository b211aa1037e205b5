# SPDX-License-Identifier: Apache-2.0
"""Cases of exp."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array
from cases._pointwise import FAR, f32, int8_case, int16_case, ramp, real_case, tabled
from cases._scalar import Op

_FAR = {"fake_quantize": FAR}

CASES = (
    int8_case("exp", "int8", (0.02, 0), (0.05, -128)),
    int8_case("exp", "int8, zero points at the ends", (0.01, 127), (0.004, -128)),
    int8_case("exp", "int8, saturates", (0.1, -128), (0.1, 127)),
    int8_case("exp", "int8, all results are equal", (1e-6, 3), (0.02, -5)),
    int8_case("exp", "int8, beyond float32", (5.0, 0), (0.02, 3)),
    int16_case("exp", "int16", (1e-4, 0), (1e-3, 0), skips=_FAR),
    int16_case("exp", "int16, zero points", (1e-4, 200), (1e-3, -32768), skips=_FAR),
    int16_case("exp", "int16, steep: slopes wrap around", (1.0, 0), (0.05, 0), skips=_FAR),
    real_case("exp", ramp(-90, 2.5), 2e-5),
    real_case("exp", np.array([-1e30, -104.0, -87.5, 88.0])[:3], 1e-6, "float, far below 0"),
)


def scalar(op: Op) -> Array:
    return tabled(op, math.exp, lambda x: f32(np.exp(np.float64(x))))
