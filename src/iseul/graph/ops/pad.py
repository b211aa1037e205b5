# SPDX-License-Identifier: Apache-2.0
"""Padding with a constant: a border of `value` around the input.

Quantized integers: the border holds the integer that stands for `value`, the zero point for 0
        (TensorFlow Lite Micro: micro/kernels/pad_common.cc); plain integers hold the value
Inputs: x of any shape and dtype. `pads` has (before, after) for each axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import Pad, expect_inputs
from iseul.numerics import affine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    pads: tuple[tuple[Pad, Pad], ...] = Field(
        default=(), description="(before, after) of each axis; >= 0"
    )
    value: float = Field(default=0.0, ge=-3e38, le=3e38, description="real value of the border")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The padded shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    if len(attrs.pads) != len(x):
        raise ShapeError(f"{len(attrs.pads)} pairs of pads for input {x}, must be {len(x)}")
    return (tuple(n + sum(pair) for n, pair in zip(x, attrs.pads, strict=True)),)


def border(attrs: Attrs, io: Io) -> float:
    """What the border holds: the value, or the integer that stands for it."""
    out = io.outputs[0]
    if out.is_float:
        return attrs.value
    if out.quant is None:
        return int(attrs.value)
    value = np.array(attrs.value, np.float32)
    return int(affine.quantize(value, out.quant, out.dtype))


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return not any(attrs.pads[0])


BATCHED = batch_axis_stays


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [np.pad(inputs[0], attrs.pads, constant_values=border(attrs, io))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch.nn.functional as f

    flat = [n for pair in reversed(attrs.pads) for n in pair]  # torch counts from the last axis
    fill = border(attrs, io)
    return [f.pad(inputs[0], flat, value=bool(fill) if io.dtype == "bool" else fill)]


def border_has_its_kind(attrs: Attrs, io: Io) -> str | None:
    """the border of plain integers is one of them"""
    out = io.outputs[0]
    if out.is_float or out.quant is not None:
        return None
    low, high = affine.INTEGER_RANGE.get(out.dtype, (0, 1))
    if low <= attrs.value <= high and attrs.value == int(attrs.value):
        return None
    return f'"{out.name}" is {out.dtype}, the border is {attrs.value:g}'


constraints = (*moving.MOVES, border_has_its_kind)
