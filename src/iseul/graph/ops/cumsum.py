# SPDX-License-Identifier: Apache-2.0
"""Cumulative sum along an axis: each element is the sum of those up to it.

int8:   q - zero_point is shifted left by 19 and summed in 32 bits, which wrap around; each sum is
        requantized. A sum starts at the real of integer 0, which is not real 0 unless the zero
        point is 0: so does the reference (TensorFlow Lite Micro: reference/cumsum.h)
int32:  without quantization; wraps around (TensorFlow Lite)
Inputs: x of any shape with at least one axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.requantize import quantize_multiplier, requantize, wrap_int32

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

SHIFT = 19  # the reference's left shift of 20, halved by its input multiplier of exactly 1/2


class Attrs(Config):
    axis: int = Field(default=-1, ge=-8, le=7, description="axis to sum along; < 0 from the end")
    exclusive: bool = Field(default=False, description="without the element itself")
    reverse: bool = Field(default=False, description="from the end of the axis")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    shape = inputs[0].shape
    if not 0 <= axis_of(attrs, len(shape)) < len(shape):
        raise ShapeError(f"input {shape} has no axis {attrs.axis}")
    return (shape,)


def axis_of(attrs: Attrs, rank: int) -> int:
    """The axis counted from the first."""
    return attrs.axis + (rank if attrs.axis < 0 else 0)


def BATCHED(attrs: Attrs, io: Io) -> bool:
    """Samples stay apart unless their axis is the one that is summed."""
    return axis_of(attrs, len(io.inputs[0].shape)) != 0


def multiplier(io: Io) -> tuple[int, int]:
    """(multiplier, shift) of the sums."""
    first, last = (quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs))
    return quantize_multiplier(2 * first / ((1 << (SHIFT + 1)) * last))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, axis = inputs[0], axis_of(attrs, inputs[0].ndim)
    if io.outputs[0].is_float:
        return [_flipped(attrs, np.flip, x, axis, lambda y: np.cumsum(y, axis, dtype=np.float32))]
    total = _flipped(attrs, np.flip, x.astype(np.int64), axis, lambda y: np.cumsum(y, axis))
    count = _flipped(attrs, np.flip, np.ones_like(total), axis, lambda y: np.cumsum(y, axis))
    return [_integers(total, count, io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x, axis = inputs[0], axis_of(attrs, inputs[0].ndim)

    def flip(y: Any, k: int) -> Any:
        return y.flip(k)

    total = _flipped(attrs, flip, x, axis, lambda y: y.cumsum(axis))
    if io.outputs[0].is_float:
        return [total]
    count = _flipped(attrs, flip, torch.ones_like(x), axis, lambda y: y.cumsum(axis))
    return [_integers(total, count, io)]


def _flipped(attrs: Attrs, flip: Any, x: Any, axis: int, cumulative: Any) -> Any:
    """Sums along an axis from the side that the attributes say."""
    y = flip(x, axis) if attrs.reverse else x
    total = cumulative(y) - (y if attrs.exclusive else 0)
    return flip(total, axis) if attrs.reverse else total


def _integers(total: Any, count: Any, io: Io) -> Any:
    """Sums of `count` integers q each, as those of the output; int64 arrays or tensors."""
    if io.dtype == "int32":
        return wrap_int32(total)
    zero = quantized.zero_point(io.inputs[0])
    # one zero point more than there are elements: the reference starts at integer 0
    sums = wrap_int32((total - (count + 1) * zero) << SHIFT)
    q = requantize(sums, *multiplier(io)) + quantized.zero_point(io.outputs[0])
    return quantized.clamp_integers(q, io)


def kinds_summed(attrs: Attrs, io: Io) -> str | None:
    """values are all float32, all int8 with one scale, or all int32 without"""
    first, last = io.inputs[0], io.outputs[0]
    if first.dtype != last.dtype or first.dtype not in ("float32", "int8", "int32"):
        return f"input is {first.dtype}, output is {last.dtype}"
    for value in (first, last):
        n_scales = 0 if value.quant is None else len(value.quant.scale)
        if n_scales != (1 if value.dtype == "int8" else 0):
            return f'"{value.name}" is {value.dtype} with {n_scales} scales'
    return None


def output_scale_large_enough(attrs: Attrs, io: Io) -> str | None:
    """the output's scale is more than 2^-19 of the input's (multiplier below 1)"""
    if any(v.quant is None for v in (*io.inputs, *io.outputs)):
        return None
    factor, shift = multiplier(io)
    if factor > 0 and shift <= 0:
        return None
    return f"scales are {[quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs)]}"


constraints = (kinds_summed, output_scale_large_enough)
