# SPDX-License-Identifier: Apache-2.0
"""A copy of the input with a smaller value written over a part of it, from computed indices on.

The part is moved inside where it would stand out (TensorFlow Lite: kernels/dynamic_update_slice.cc;
TensorFlow Lite Micro: micro/kernels/dynamic_update_slice.cc).
Inputs: x of any dtype, the update with as many axes, the first index along each axis (int32 or
int64); each constant or computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = False  # each sample has indices of its own


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 3)
    x, update, start = (value.shape for value in inputs)
    moving.few_axes(x)
    if len(update) != len(x) or any(n > most for n, most in zip(update, x, strict=True)):
        raise ShapeError(f"update {update} does not fit into {x}")
    if start != (len(x),):
        raise ShapeError(f"first indices have shape {start}, must be ({len(x)},)")
    return (x,)


def _part(inputs: Sequence[Any]) -> tuple[slice, ...]:
    """Where the update goes."""
    x, update, start = inputs
    sizes = zip(x.shape, update.shape, start.tolist(), strict=True)
    first = [min(max(int(i), 0), n - size) for n, size, i in sizes]
    return tuple(slice(i, i + size) for i, size in zip(first, update.shape, strict=True))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    out = inputs[0].copy()
    out[_part(inputs)] = inputs[1]
    return [out]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype; indices may come as reals that are whole."""
    out = inputs[0].clone()
    out[_part(inputs)] = inputs[1]
    return [out]


def update_alike(attrs: Attrs, io: Io) -> str | None:
    """the update has the dtype, scale and zero point of the input"""
    x, update = io.inputs[:2]
    if x.dtype == update.dtype and (x.is_float or x.quant == update.quant):
        return None
    return f'"{update.name}" is {update.dtype} with {update.quant}'


def indices_are_integers(attrs: Attrs, io: Io) -> str | None:
    """indices are int32 or int64"""
    found = io.inputs[2]
    return None if found.dtype in ("int32", "int64") else f'"{found.name}" is {found.dtype}'


constraints = (*moving.MOVES, update_alike, indices_are_integers)
