# SPDX-License-Identifier: Apache-2.0
"""Unpack: a value cut along an axis into as many outputs as the axis is long, without that axis.

Inputs: x of any shape and dtype (TensorFlow Lite Micro: micro/kernels/unpack.cc).
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

MOST_OUTPUTS = 1 << 12  # a file with more is hostile, not a model


class Attrs(Config):
    axis: int = Field(default=0, description="axis; negative ones count from the end")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.axis % len(io.inputs[0].shape) != 0


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """One shape per output, without the axis. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(x)
    axis = moving.whole_axis(attrs.axis, len(x))
    if not 1 <= x[axis] <= MOST_OUTPUTS:
        raise ShapeError(f"axis {axis} of {x} must have 1 to {MOST_OUTPUTS} places")
    return ((*x[:axis], *x[axis + 1 :]),) * x[axis]


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return list(np.moveaxis(inputs[0], attrs.axis, 0))


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return list(inputs[0].unbind(attrs.axis))


constraints = moving.MOVES
