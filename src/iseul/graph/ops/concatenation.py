# SPDX-License-Identifier: Apache-2.0
"""Concatenation: values one behind the other along an axis.

Integers are copied, so all values have the same quantization (TensorFlow Lite Micro:
reference/concatenation.h).
Inputs: one or more values that differ along the axis only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    axis: int = Field(default=-1, description="axis; negative ones count from the end")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.axis % len(io.outputs[0].shape) != 0


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with the sizes along the axis added up. Raises ShapeError."""
    if not inputs:
        raise ShapeError("has no inputs, must have one")
    first = inputs[0].shape
    moving.few_axes(first)
    axis = moving.whole_axis(attrs.axis, len(first))
    rests = {value.shape[:axis] + value.shape[axis + 1 :] for value in inputs}
    if len(rests) > 1 or any(len(value.shape) != len(first) for value in inputs):
        shapes = ", ".join(str(value.shape) for value in inputs)
        raise ShapeError(f"shapes {shapes} differ not only along axis {axis}")
    total = sum(value.shape[axis] for value in inputs)
    return ((*first[:axis], total, *first[axis + 1 :]),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    axis = attrs.axis % inputs[0].ndim
    return [np.concatenate(moving.stacked(inputs, axis), axis)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    import torch

    axis = attrs.axis % inputs[0].ndim
    return [torch.cat(moving.stacked(inputs, axis), axis)]


constraints = moving.JOINS
