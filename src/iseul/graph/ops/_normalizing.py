# SPDX-License-Identifier: Apache-2.0
"""What normalizations share: the axis where rows begin, scale and bias."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value


class Attrs(Config):
    axis: int = Field(
        default=-1, ge=-64, lt=64, description="first axis of a row; negative: from the end"
    )
    epsilon: float = Field(
        default=1e-5, ge=0, allow_inf_nan=False, description="added to the mean square"
    )


def first_axis(attrs: Attrs, rank: int) -> int:
    """The first axis of a row, from the front. Raises ShapeError."""
    if not -rank <= attrs.axis < rank:
        raise ShapeError(f"axis {attrs.axis} of a value with {rank} axes")
    return attrs.axis % rank


def infer(attrs: Attrs, inputs: Sequence[Value], most: int) -> tuple[Shape, ...]:
    """The input's shape; scale and bias have that of a row. Raises ShapeError."""
    expect_inputs(inputs, 1, most)
    x = inputs[0].shape
    row = x[first_axis(attrs, len(x)) :]
    if any(n < 1 for n in row):
        raise ShapeError(f"input {x} has empty rows")
    for value in inputs[1:]:
        if value.shape != row:
            raise ShapeError(f'"{value.name}" has shape {value.shape}, must be {row}')
    return (x,)


def rows_stay_apart(attrs: Attrs, io: Io) -> bool:
    """Samples may be stacked unless axis 0 belongs to a row."""
    return first_axis(attrs, len(io.inputs[0].shape)) > 0


def channels_stay_apart(attrs: Any, io: Io) -> bool:
    """Samples may be stacked unless the last axis is axis 0."""
    return len(io.inputs[0].shape) > 1


def row_axes(attrs: Attrs, rank: int) -> tuple[int, ...]:
    """The axes of a row."""
    return tuple(range(first_axis(attrs, rank), rank))


def scaled(y: Any, parameters: Sequence[Any]) -> Any:
    """y * scale + bias, as far as these are there; arrays or tensors."""
    if parameters:
        y = y * parameters[0]
    return y + parameters[1] if len(parameters) > 1 else y


constraints = (quantized.all_float, quantized.weights_are_constant)
