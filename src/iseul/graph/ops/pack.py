# SPDX-License-Identifier: Apache-2.0
"""Pack: values of one shape as one value with a new axis, along which they stand.

Integers are copied, so all values have the same quantization (TensorFlow Lite Micro:
micro/kernels/pack.cc).
Inputs: one or more values of one shape, also scalars.
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
    axis: int = Field(default=0, description="the new axis; negative ones count from the end")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.axis % len(io.outputs[0].shape) != 0


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with an axis more. Raises ShapeError."""
    if not inputs:
        raise ShapeError("has no inputs, must have one")
    first = inputs[0].shape
    if any(value.shape != first for value in inputs):
        shapes = ", ".join(str(value.shape) for value in inputs)
        raise ShapeError(f"shapes {shapes} must be the same")
    axis = moving.whole_axis(attrs.axis, len(first) + 1)
    packed = (*first[:axis], len(inputs), *first[axis:])
    moving.few_axes(packed)
    return (packed,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    axis = attrs.axis % (inputs[0].ndim + 1)
    return [np.stack(moving.stacked(inputs, axis), axis)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    import torch

    axis = attrs.axis % (inputs[0].ndim + 1)
    return [torch.stack(moving.stacked(inputs, axis), axis)]


constraints = moving.JOINS
