# SPDX-License-Identifier: Apache-2.0
"""Slice: every stride-th element of each axis, from a first one; negative strides run backwards.

Readers turn SLICE, STRIDED_SLICE with its masks, REVERSE_V2 and ONNX's Slice into it (and a
reshape where axes go).
Inputs: x of any shape and dtype. Element i of an output axis is element begin + i * stride.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import Pad, Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    begin: tuple[Pad, ...] = Field(default=(), description="first element of each axis; >= 0")
    size: tuple[Size, ...] = Field(default=(), description="elements of each axis; >= 1")
    stride: tuple[int, ...] = Field(
        default=(), description="from one element to the next, not 0; empty: 1 for all axes"
    )


def strides_of(attrs: Attrs) -> tuple[int, ...]:
    """The stride of each axis."""
    return attrs.stride or (1,) * len(attrs.begin)


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The sizes. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(x)
    stride = strides_of(attrs)
    if not len(attrs.begin) == len(attrs.size) == len(stride) == len(x):
        raise ShapeError(f"begin, size and stride must have {len(x)} numbers, as {x} has axes")
    for axis, (n, first, size, step) in enumerate(
        zip(x, attrs.begin, attrs.size, stride, strict=True)
    ):
        last = first + (size - 1) * step
        if step == 0 or not (first < n and 0 <= last < n):
            raise ShapeError(
                f"axis {axis} has {n} elements, can not give {size} from {first} by {step}"
            )
    return (attrs.size,)


def takes_all(attrs: Attrs, shape: Shape, axis: int) -> bool:
    """Whether an axis stays as it is."""
    return attrs.size[axis] == shape[axis] and (shape[axis] == 1 or strides_of(attrs)[axis] == 1)


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return takes_all(attrs, io.inputs[0].shape, 0)


BATCHED = batch_axis_stays


def _indices(attrs: Attrs, io: Io) -> list[tuple[int, range]]:
    """(axis, elements) of the axes that do not stay as they are."""
    shape, stride = io.inputs[0].shape, strides_of(attrs)
    every = enumerate(zip(attrs.begin, attrs.size, stride, strict=True))
    return [
        (axis, range(first, first + size * step, step))
        for axis, (first, size, step) in every
        if not takes_all(attrs, shape, axis)
    ]


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    cut = [slice(None)] * inputs[0].ndim
    for axis, chosen in _indices(attrs, io):
        stop = chosen.stop if chosen.stop >= 0 else None
        cut[axis] = slice(chosen.start, stop, chosen.step)
    return [inputs[0][tuple(cut)]]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype; torch has no negative strides."""
    import torch

    x = inputs[0]
    for axis, chosen in _indices(attrs, io):
        if chosen.step > 0:
            cut = [slice(None)] * x.ndim
            cut[axis] = slice(chosen.start, chosen.stop, chosen.step)
            x = x[tuple(cut)]
        else:
            x = x.index_select(axis, torch.tensor(list(chosen), device=x.device))
    return [x]


constraints = moving.MOVES
