# SPDX-License-Identifier: Apache-2.0
"""Gather: slices of an axis by index (TensorFlow Lite Micro: micro/kernels/gather.cc).

Out of an input (B, P, n, Q) by indices (B, I) along axis n comes (B, P, I, Q), where B are the
`batch_dims` axes that both share. An index beyond the axis counts as its first or last.
Inputs: x of any dtype, indices of int32 or int64, each constant or computed.
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
    axis: int = Field(default=0, description="axis; negative ones count from the end")
    batch_dims: int = Field(
        default=0, ge=0, le=moving.MAX_AXES, description="first axes that x and indices share"
    )


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0: of x, of the indices, or of both."""
    x, indices = io.inputs
    if attrs.batch_dims > 0:
        return not (x.is_constant or indices.is_constant)
    if attrs.axis % len(x.shape) == 0:
        return x.is_constant
    return indices.is_constant


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with the axis replaced by those of the indices. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, indices = inputs[0].shape, inputs[1].shape
    axis, b = moving.whole_axis(attrs.axis, len(x)), attrs.batch_dims
    if b > min(axis, len(indices)) or x[:b] != indices[:b]:
        raise ShapeError(f"{x} and indices {indices} do not share {b} axes before axis {axis}")
    if x[axis] < 1:
        raise ShapeError(f"axis {axis} of {x} has no elements")
    out = (*x[:axis], *indices[b:], *x[axis + 1 :])
    moving.few_axes(out)
    return (out,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    x, indices = inputs
    axis, b = attrs.axis % x.ndim, attrs.batch_dims
    chosen = indices.clip(0, x.shape[axis] - 1)
    flat = x.reshape(-1, *x.shape[b:])
    rows = chosen.reshape(len(flat), *chosen.shape[b:]) if b else chosen[None]
    taken = [np.take(part, row, axis - b) for part, row in zip(flat, rows, strict=True)]
    return [np.stack(taken).reshape(*x.shape[:b], *taken[0].shape)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype; indices may come as reals that are whole."""
    import torch

    x, indices = inputs
    axis, b = attrs.axis % x.ndim, attrs.batch_dims
    chosen = indices.long().clamp(0, x.shape[axis] - 1)
    flat = x.reshape(-1, *x.shape[b:])
    rows = chosen.reshape(len(flat), *chosen.shape[b:]) if b else chosen[None]
    taken = []
    for part, row in zip(flat, rows, strict=True):
        shape = (*part.shape[: axis - b], *row.shape, *part.shape[axis - b + 1 :])
        taken.append(part.index_select(axis - b, row.reshape(-1)).reshape(shape))
    return [torch.stack(taken).reshape(*x.shape[:b], *taken[0].shape)]


def indices_are_integers(attrs: Attrs, io: Io) -> str | None:
    """indices are int32 or int64"""
    found = io.inputs[1]
    return None if found.dtype in ("int32", "int64") else f'"{found.name}" is {found.dtype}'


constraints = (*moving.MOVES, indices_are_integers)
