# SPDX-License-Identifier: Apache-2.0
"""Sum of several values of one shape, without broadcasting.

int8:    all inputs have one quantization; each is shifted left by 20 and halved, so is the sum
         before the first, which is -zero_point and not 0; the sum is scaled to the output
         (TensorFlow Lite Micro: reference/add_n.h, micro/kernels/add_n.cc)
float32: added to 0 one after the other
Inputs: two values or more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import ShapeError
from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs

LEFT_SHIFT = 20
MOST_INTEGERS = 15  # sums of more could leave 32 bits


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The inputs' shape. Raises ShapeError."""
    if len(inputs) < 2:
        raise ShapeError(f"has {len(inputs)} inputs, must have at least 2")
    for value in inputs:
        if value.shape != inputs[0].shape:
            raise ShapeError(f"shapes {inputs[0].shape} and {value.shape} differ")
    return (inputs[0].shape,)


def multipliers(io: Io) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier, shift) of the inputs and of the output."""
    s_in, s_out = (
        np.float64(quantized.quant_of(value).scale[0]) for value in (io.inputs[0], io.outputs[0])
    )
    return quantize_multiplier(0.5), quantize_multiplier(
        float(2 * s_in / (2.0**LEFT_SHIFT * s_out))
    )


def run(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        total = np.zeros_like(inputs[0])
        for x in inputs:
            total = total + x
        return [total]
    return [_integers([x.astype(np.int64) for x in inputs], io).astype(io.dtype)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [sum(inputs)] if io.outputs[0].is_float else [_integers(inputs, io)]


def _integers(inputs: Sequence[Any], io: Io) -> Any:
    """int64 arrays or tensors of q to those of the output."""
    zero = quantized.zero_point(io.inputs[0])
    half, last = multipliers(io)
    total = requantize(-zero << LEFT_SHIFT, *half)
    for x in inputs:
        total = total + requantize((x - zero) << LEFT_SHIFT, *half)
    return quantized.clamp_integers(
        requantize(total, *last) + quantized.zero_point(io.outputs[0]), io
    )


def inputs_quantized_alike(attrs: Any, io: Io) -> str | None:
    """all int8 inputs have one scale and zero point"""
    first = io.inputs[0]
    for value in io.inputs[1:]:
        if value.quant != first.quant:
            return f'"{first.name}" has {first.quant}, "{value.name}" has {value.quant}'
    return None


def few_integers(attrs: Any, io: Io) -> str | None:
    """at most 15 int8 values are added, so that 32 bits hold the sum"""
    n = len(io.inputs)
    return None if io.outputs[0].is_float or n <= MOST_INTEGERS else f"{n} values"


def output_scale_large_enough(attrs: Any, io: Io) -> str | None:
    """an int8 output's scale is more than 2^-19 of the inputs' (multiplier below 1)"""
    if not broadcast.is_quantized(io):
        return None
    factor, shift = multipliers(io)[1]
    if factor > 0 and shift <= 0:
        return None
    s_in, s_out = (quantized.quant_of(v).scale[0] for v in (io.inputs[0], io.outputs[0]))
    return f"scales are {s_in:g} and {s_out:g}"


constraints = (
    broadcast.one_kind("float32", "int8"),
    broadcast.quantized_by_kind,
    inputs_quantized_alike,
    few_integers,
    output_scale_large_enough,
)
