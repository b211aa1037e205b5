# SPDX-License-Identifier: Apache-2.0
"""What comparisons share: a bool per pair of numbers, with numpy's broadcasting.

int8, int16: q - zero_point of both operands, shifted left by 8 and multiplied by their own
             scale, are compared as integers: reals that are apart by less than about 2^-8 may
             count as equal (TensorFlow Lite Micro: micro/kernels/comparisons.cc,
             reference/comparisons.h)
int32, int64, bool, float32: compared as they are; with NaN only "not equal" is true
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io, Value
    from iseul.numerics import Array

    Relation = Callable[[Any, Any], Any]

LEFT_SHIFT = 8


def multiplier(value: Value) -> tuple[int, int]:
    """(multiplier, shift) of an operand's scale."""
    return quantize_multiplier(quantized.quant_of(value).scale[0])


def run(attrs: Any, inputs: Sequence[Array], io: Io, *, relation: Relation) -> list[Array]:
    """numpy meaning."""
    if io.inputs[0].dtype in broadcast.NARROW:
        inputs = _scaled([x.astype(np.int64) for x in inputs], io)
    return [np.asarray(relation(*inputs))]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io, *, relation: Relation) -> list[Any]:
    """torch meaning: a bool tensor, exact on int64 tensors."""
    if io.inputs[0].dtype in broadcast.NARROW:
        inputs = _scaled(inputs, io)
    return [relation(*inputs)]


def _scaled(inputs: Sequence[Any], io: Io) -> list[Any]:
    """int64 arrays or tensors of q on the scale that both operands are compared on."""
    return [
        requantize((x - quantized.zero_point(value)) << LEFT_SHIFT, *multiplier(value))
        for x, value in zip(inputs, io.inputs, strict=True)
    ]


def operands_of_one_kind(attrs: Any, io: Io) -> str | None:
    """operands are all float32, int8, int16, int32, int64 or bool"""
    kinds = ("float32", *broadcast.NARROW, *broadcast.PLAIN, "bool")
    return broadcast.other_kinds(io.inputs, kinds)


def result_is_bool(attrs: Any, io: Io) -> str | None:
    """the result is bool"""
    out = io.outputs[0]
    return None if out.dtype == "bool" else f'"{out.name}" is {out.dtype}'


def operands_quantized_by_kind(attrs: Any, io: Io) -> str | None:
    """int8 and int16 operands have one scale (int16: zero point 0)"""
    if io.inputs[0].dtype not in broadcast.NARROW:
        return None
    return broadcast.quantized_by_kind(attrs, io)


def scales_below_one(attrs: Any, io: Io) -> str | None:
    """the scales of int8 and int16 operands are below 1, as the reference asks for"""
    for value in io.inputs:
        is_scaled = value.dtype in broadcast.NARROW and value.quant is not None
        if is_scaled and multiplier(value)[1] > 0:
            return f'"{value.name}" has scale {quantized.quant_of(value).scale[0]:g}'
    return None


constraints = (
    operands_of_one_kind,
    result_is_bool,
    operands_quantized_by_kind,
    scales_below_one,
)
