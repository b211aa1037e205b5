# SPDX-License-Identifier: Apache-2.0
"""Cases of leaky_relu."""

from __future__ import annotations

import numpy as np

from cases._case import Array
from cases._pointwise import each, int8_case, int16_case, ramp, real_case, saturated
from cases._scalar import Op, multiply, quantize_multiplier, scale, zero

CASES = (
    int8_case("leaky_relu", "int8", (0.05, 3), (0.04, -60), alpha=0.1),
    int8_case("leaky_relu", "int8, same quantization", (0.05, 3), (0.05, 3), alpha=0.3),
    int8_case("leaky_relu", "int8, zero points at the ends", (0.05, 127), (0.02, 127), alpha=0.2),
    int8_case("leaky_relu", "int8, alpha above 1", (0.02, -9), (0.03, 5), alpha=1.7),
    int8_case("leaky_relu", "int8, negative alpha", (0.02, -9), (0.03, -100), alpha=-0.4),
    int8_case("leaky_relu", "int8, alpha 0", (0.02, -9), (0.03, -100), alpha=0.0),
    int16_case("leaky_relu", "int16", (3.1e-4, 0), (2.7e-4, 0), alpha=0.1),
    int16_case("leaky_relu", "int16, same scale", (3.1e-4, 0), (3.1e-4, 0), alpha=0.25),
    int16_case("leaky_relu", "int16, far finer", (0.5, 0), (1e-4, 0), alpha=0.01),
    int16_case("leaky_relu", "int16, far coarser", (1e-5, 0), (0.5, 0), alpha=0.3),
    int16_case("leaky_relu", "int16, negative alpha", (1e-3, 0), (2e-3, 0), alpha=-1.3),
    int16_case("leaky_relu", "int16, zero points", (1e-3, 70), (2e-3, -300), alpha=0.3),
    real_case("leaky_relu", ramp(-9, 9), alpha=0.3),
    real_case("leaky_relu", ramp(-9, 9), what="float, negative alpha", alpha=-2.0),
)


def scalar(op: Op) -> Array:
    alpha = float(np.float32(op.attrs.alpha))
    if op.real:
        return each(op, lambda x: x if x > 0 else float(np.float32(x) * np.float32(alpha)))
    s_in, s_out = scale(op.values[0]), scale(op.out)
    identity = quantize_multiplier(s_in / s_out)
    size, shift = quantize_multiplier(abs(s_in * alpha / s_out))
    below = (-size if alpha < 0 else size), shift

    def function(q: int) -> int:
        x = q - zero(op.values[0])
        return saturated(op, multiply(x, *(identity if x >= 0 else below)) + zero(op.out))

    return each(op, function)
