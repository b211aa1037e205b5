# SPDX-License-Identifier: Apache-2.0
"""Quantize: reals to integers, or integers to those of another quantization.

float32 in: round(x / scale) + zero_point in float32, saturated; halves go away from zero, or to
            even as in ONNX (`rounding`)
integer in: requantize(q - zp_in) + zp_out, saturated (TensorFlow Lite Micro:
            reference/quantize.h, reference/requantize.h)
Inputs: x of any shape. The output value's dtype and quantization say what becomes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import same_shape
from iseul.numerics import affine, float_requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import DType, Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    rounding: Literal["away", "even"] = Field(
        default="away",
        description="of halves of reals: away from zero (TensorFlow Lite) or to even (ONNX)",
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float and attrs.rounding == "even":
        return [_half_even(inputs[0], last).astype(last.dtype)]
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
    if attrs.rounding == "even":
        return [_half_even(inputs[0].float(), last)]
    quant = quantized.quant_of(last)
    rounded = quantized.round_half_away_torch(inputs[0].float() / quant.scale[0])
    low, high = affine.INTEGER_RANGE[last.dtype]
    return [(rounded.double() + quant.zero_point[0]).clamp(low, high).long()]


def _half_even(x: Any, last: Value) -> Any:
    """Reals to int64; arrays or tensors. NaN becomes the lowest integer."""
    zero = quantized.zero_point(last)
    low, high = (n - zero for n in affine.INTEGER_RANGE[last.dtype])
    ratio = x / np.float32(quantized.quant_of(last).scale[0])
    ratio = np.asarray(ratio) if isinstance(ratio, np.generic) else ratio  # of no axes
    ratio[~(ratio >= low)] = low  # NaN too
    return float_requantize.to_whole(ratio, low, high) + zero


def half_even_is_for_reals(attrs: Attrs, io: Io) -> str | None:
    """rounding to even is for float32 inputs"""
    if attrs.rounding == "away" or io.inputs[0].is_float:
        return None
    return f"input is {io.inputs[0].dtype}"


# What TensorFlow Lite Micro requantizes, and float32 to uint8 (TensorFlow Lite)
OUTPUTS: dict[DType, tuple[DType, ...]] = {
    "float32": ("int8", "uint8", "int16"),
    "int8": ("int8", "uint8", "int16", "int32"),
    "uint8": ("int8",),
    "int16": ("int8", "int16", "int32"),
    "int32": ("int8", "int16"),
}


def kinds_of_quantize(attrs: Attrs, io: Io) -> str | None:
    """float32 goes to int8, uint8, int16; integers to what TFLite Micro requantizes them to"""
    first, last = io.inputs[0].dtype, io.outputs[0].dtype
    return None if last in OUTPUTS.get(first, ()) else f"input is {first}, output is {last}"


constraints = (
    kinds_of_quantize,
    half_even_is_for_reals,
    quantized.quantized_per_tensor,
    quantized.rescale_fits,
)
