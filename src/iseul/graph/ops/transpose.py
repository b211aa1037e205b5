# SPDX-License-Identifier: Apache-2.0
"""Transpose: the axes in another order.

Axis i of the output is axis `perm[i]` of the input (TensorFlow Lite Micro:
reference/transpose.h; ONNX: Transpose).
Inputs: x of any shape and dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    perm: tuple[int, ...] = Field(default=(), description="input axis of each output axis")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.perm[:1] == (0,)


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The sizes in the new order. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(x)
    if sorted(attrs.perm) != list(range(len(x))):
        raise ShapeError(f"perm {attrs.perm} must name each of {len(x)} axes once")
    return (tuple(x[axis] for axis in attrs.perm),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [np.transpose(inputs[0], attrs.perm)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [inputs[0].permute(attrs.perm)]


def quantization_moves(attrs: Attrs, io: Io) -> str | None:
    """input and output have the same scales, along the axis that the channels move to"""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float or moving.along(first.quant, attrs.perm) == last.quant:
        return None
    return f'"{first.name}" has {first.quant}, "{last.name}" has {last.quant}'


constraints = (moving.same_dtype, moving.whole_bytes, quantization_moves)
