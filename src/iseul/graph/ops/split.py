# SPDX-License-Identifier: Apache-2.0
"""Split: a value cut along an axis into several outputs (TensorFlow Lite: SPLIT and SPLIT_V).

Inputs: x of any shape and dtype. Outputs: as many as `sizes`.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    axis: int = Field(default=-1, description="axis; negative ones count from the end")
    sizes: tuple[Size, ...] = Field(default=(), description="of each output along the axis; >= 1")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.axis % len(io.inputs[0].shape) != 0


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """One shape per output. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(x)
    axis = moving.whole_axis(attrs.axis, len(x))
    if not attrs.sizes or sum(attrs.sizes) != x[axis]:
        raise ShapeError(f"sizes {attrs.sizes} must add up to {x[axis]}, the size of axis {axis}")
    return tuple((*x[:axis], size, *x[axis + 1 :]) for size in attrs.sizes)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return np.split(inputs[0], list(accumulate(attrs.sizes))[:-1], attrs.axis)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return list(inputs[0].split(list(attrs.sizes), attrs.axis))


constraints = moving.MOVES
