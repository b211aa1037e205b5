# SPDX-License-Identifier: Apache-2.0
"""Tile: the input repeated along each axis, as a whole (TensorFlow Lite: reference_ops TILE).

Inputs: x of any shape and dtype.
"""

from __future__ import annotations

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
    multiples: tuple[Size, ...] = Field(default=(), description="repeats of each axis; >= 1")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.multiples[:1] == (1,)


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Sizes times multiples. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(x)
    if len(attrs.multiples) != len(x):
        raise ShapeError(f"multiples {attrs.multiples} must be as many as {x} has axes")
    return (tuple(n * times for n, times in zip(x, attrs.multiples, strict=True)),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [np.tile(inputs[0], attrs.multiples)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [inputs[0].tile(attrs.multiples)]


constraints = moving.MOVES
