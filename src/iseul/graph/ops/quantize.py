# SPDX-License-Identifier: Apache-2.0
"""Quantize: reals to integers, or integers to those of another quantization.

float32 in: round_half_away(x / scale) + zero_point in float32, saturated
int8 in:    requantize(q - zp_in) + zp_out, saturated (TensorFlow Lite Micro:
            reference/quantize.h, reference/requantize.h)
Inputs: x of any shape. The output value's dtype and quantization say what becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import same_shape
from iseul.numerics import affine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float:
        return [affine.quantize(inputs[0], quantized.quant_of(last), last.dtype)]
    q = quantized.rescale(inputs[0].astype(np.int64), first, last)
    return [quantized.clamp_integers(q, io).astype(last.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning; reals to reals (fake-quantized graphs) pass unchanged."""
    first, last = io.inputs[0], io.outputs[0]
    if last.is_float:
        return [inputs[0]]
    if not first.is_float:
        return [quantized.clamp_integers(quantized.rescale(inputs[0], first, last), io)]
    quant = quantized.quant_of(last)
    rounded = quantized.round_half_away_torch(inputs[0].float() / quant.scale[0])
    low, high = affine.INTEGER_RANGE[last.dtype]
    return [(rounded.double() + quant.zero_point[0]).clamp(low, high).long()]


def integers_from_float_or_int8(attrs: Attrs, io: Io) -> str | None:
    """float32 goes to int8, uint8 or int16; int8 goes to int8"""
    first, last = io.inputs[0].dtype, io.outputs[0].dtype
    if (first == "float32" and last in ("int8", "uint8", "int16")) or first == last == "int8":
        return None
    return f"input is {first}, output is {last}"


constraints = (
    integers_from_float_or_int8,
    quantized.quantized_per_tensor,
    quantized.rescale_fits,
)
