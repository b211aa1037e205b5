# SPDX-License-Identifier: Apache-2.0
"""Cases of gelu."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array
from cases._pointwise import FAR, f32, int8_case, int16_case, ramp, real_case, tabled
from cases._scalar import Op

_FAR = {"fake_quantize": FAR}

CASES = (
    int8_case("gelu", "int8", (0.05, 3), (0.03, -110)),
    int8_case("gelu", "int8, tanh", (0.05, 3), (0.03, -110), approximate="tanh"),
    int8_case("gelu", "int8, zero points at the ends", (0.02, 127), (0.002, 127)),
    int8_case("gelu", "int8, saturates", (0.2, -128), (0.02, -128)),
    int16_case("gelu", "int16", (2e-4, 0), (2e-4, 0)),
    int16_case("gelu", "int16, tanh", (1e-3, 0), (1e-4, 0), approximate="tanh", skips=_FAR),
    real_case("gelu", ramp(-8, 8), 3e-6),
    real_case("gelu", ramp(-8, 8), 3e-6, "float, tanh", approximate="tanh"),
)


def scalar(op: Op) -> Array:
    if op.attrs.approximate == "tanh":
        return tabled(op, _tanh_real, _tanh)
    return tabled(op, lambda x: x / 2 * (1 + math.erf(x / math.sqrt(2))), _erf)


def _erf(x: np.float32) -> np.float32:
    return f32(f32(f32(0.5) * x) * f32(math.erfc(f32(x * f32(-math.sqrt(0.5))))))


def _tanh_real(x: float) -> float:
    return x / 2 * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _tanh(x: np.float32) -> np.float32:
    cube = f32(f32(f32(f32(0.044715) * x) * x) * x)
    inner = f32(f32(math.sqrt(2 / math.pi)) * f32(x + cube))
    return f32(f32(f32(0.5) * x) * f32(f32(1) + f32(math.tanh(inner))))
