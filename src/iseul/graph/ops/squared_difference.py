# SPDX-License-Identifier: Apache-2.0
"""Squared difference of two values with numpy's broadcasting: (a - b)^2.

int8, int16: each operand is shifted left (by 7 or 0) and scaled to twice the larger of the
             scales; the square of the difference is scaled to the output (TensorFlow Lite Micro:
             micro/kernels/squared_difference.cc)
int32:       plain integers that wrap around
Inputs: a, b.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._addition import Multipliers
from iseul.numerics.requantize import quantize_multiplier, requantize, wrap_int32

if TYPE_CHECKING:
    from iseul.graph.ir import Io

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer


def multipliers(io: Io) -> Multipliers:
    """The constants that TensorFlow Lite Micro computes in double at preparation."""
    s_a, s_b, s_out = (
        np.float64(quantized.quant_of(value).scale[0]) for value in (*io.inputs, *io.outputs)
    )
    left_shift = 0 if io.dtype == "int16" else 7
    twice_max = 2 * max(s_a, s_b)
    return Multipliers(
        left_shift,
        quantize_multiplier(float(s_a / twice_max)),
        quantize_multiplier(float(s_b / twice_max)),
        quantize_multiplier(float(twice_max * twice_max / (4.0**left_shift * s_out))),
    )


def _integers(a: Any, b: Any, io: Io) -> Any:
    m = multipliers(io)
    scaled = [
        requantize((x - quantized.zero_point(value)) << m.left_shift, *pair)
        for x, value, pair in zip((a, b), io.inputs, (m.a, m.b), strict=True)
    ]
    difference = scaled[0] - scaled[1]
    return requantize(difference * difference, *m.out) + quantized.zero_point(io.outputs[0])


def _real(a: Any, b: Any) -> Any:
    return (a - b) * (a - b)


def _plain(a: Any, b: Any) -> Any:
    difference = wrap_int32(a - b)
    return wrap_int32(difference * difference)


_SQUARE = broadcast.Arithmetic(_real, _integers, _plain)
run = partial(broadcast.run, arithmetic=_SQUARE)
run_torch = partial(broadcast.run_torch, arithmetic=_SQUARE)


def square_fits(attrs: Any, io: Io) -> str | None:
    """the output's scale is more than s^2 / 2^12 (int16: 4 s^2) of the larger input scale s"""
    if not broadcast.is_quantized(io):
        return None
    # the operands are at most 2^14 on the common scale, so that the square is at most 2^30
    if multipliers(io).out[1] <= 0:
        return None
    return f"scales are {[quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs)]}"


constraints = (
    broadcast.one_kind("float32", "int8", "int16", "int32"),
    broadcast.quantized_by_kind,
    square_fits,
)
