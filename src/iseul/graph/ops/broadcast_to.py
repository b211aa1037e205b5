# SPDX-License-Identifier: Apache-2.0
"""Broadcast: axes of size 1, and new axes in front, repeated to a shape, as numpy does.

Inputs: x of any shape and dtype (TensorFlow Lite Micro: reference/broadcast_to.h).
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
    shape: tuple[Size, ...] = Field(default=(), description="sizes; >= 1")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return len(io.inputs[0].shape) == len(attrs.shape) and io.inputs[0].shape[:1] == attrs.shape[:1]


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(attrs.shape)
    behind = attrs.shape[len(attrs.shape) - len(x) :] if len(x) <= len(attrs.shape) else ()
    if len(x) > len(attrs.shape) or any(
        n not in (1, want) for n, want in zip(x, behind, strict=True)
    ):
        raise ShapeError(f"{x} can not be repeated to {attrs.shape}")
    return (attrs.shape,)


def _target(attrs: Attrs, x: Any) -> Shape:
    """The shape for as many samples as are stacked."""
    if x.ndim == len(attrs.shape) and x.ndim and attrs.shape[0] == 1:
        return (len(x), *attrs.shape[1:])
    return attrs.shape


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [np.broadcast_to(inputs[0], _target(attrs, inputs[0])).copy()]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [inputs[0].expand(_target(attrs, inputs[0]))]


constraints = moving.MOVES
