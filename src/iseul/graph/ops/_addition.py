# SPDX-License-Identifier: Apache-2.0
"""What add and sub share: both operands on a common fine scale.

int8, int16: each operand is shifted left (by 20 or 15) and scaled to twice the larger of the
scales, their sum or difference is scaled to the output (TensorFlow Lite Micro:
integer_ops/add.h, reference/sub.h, add_common.cc, sub_common.cc). Powers of two have no path of
their own there any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from iseul.graph.ir import Io


class Multipliers(NamedTuple):
    """Integer constants of an addition; each pair is (multiplier, shift)."""

    left_shift: int
    a: tuple[int, int]
    b: tuple[int, int]
    out: tuple[int, int]


def multipliers(io: Io) -> Multipliers:
    """The constants that TensorFlow Lite Micro computes in double at preparation."""
    s_a, s_b = (np.float64(quantized.quant_of(value).scale[0]) for value in io.inputs)
    s_out = np.float64(quantized.quant_of(io.outputs[0]).scale[0])
    left_shift = 15 if io.dtype == "int16" else 20
    twice_max = 2 * max(s_a, s_b)
    return Multipliers(
        left_shift,
        quantize_multiplier(float(s_a / twice_max)),
        quantize_multiplier(float(s_b / twice_max)),
        quantize_multiplier(float(twice_max / (2.0**left_shift * s_out))),
    )


def integers(a: Any, b: Any, io: Io, sign: int) -> Any:
    """a + sign * b: int64 arrays or tensors of q to those of the output, not yet clamped."""
    m = multipliers(io)
    scaled = [
        requantize((x - quantized.zero_point(value)) << m.left_shift, *pair)
        for x, value, pair in zip((a, b), io.inputs, (m.a, m.b), strict=True)
    ]
    total = scaled[0] + sign * scaled[1]
    return requantize(total, *m.out) + quantized.zero_point(io.outputs[0])


def output_scale_large_enough(attrs: Any, io: Io) -> str | None:
    """the output's scale is more than 2^-19 (int16: 2^-14) of the larger input scale"""
    is_float = getattr(attrs, "requantization", "fixed_point") == "float"
    if not broadcast.is_quantized(io) or is_float:
        return None
    m = multipliers(io)  # the reference asks for a multiplier below 1
    if m.out[0] > 0 and m.out[1] <= 0:
        return None
    return f"scales are {[quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs)]}"
