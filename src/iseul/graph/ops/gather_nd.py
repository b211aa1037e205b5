# SPDX-License-Identifier: Apache-2.0
"""Gather of slices by rows of indices, one index for each of the input's first axes.

Out of an input (n1, .., nk, Q) by indices (I, k) comes (I, Q) (TensorFlow Lite Micro:
micro/kernels/gather_nd.cc). An index beyond its axis counts as its first or last.
Inputs: x of any dtype, indices of int32, each constant or computed.
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


class Attrs(Config):
    pass


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0: rows of indices into a constant."""
    return io.inputs[0].is_constant and len(io.inputs[1].shape) > 1


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The indices' shape with the last axis replaced by a slice. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, indices = inputs[0].shape, inputs[1].shape
    depth = indices[-1] if indices else 0
    if not 1 <= depth <= len(x):
        raise ShapeError(f"indices {indices} must have 1 to {len(x)} numbers a row for input {x}")
    if any(n < 1 for n in x[:depth]):
        raise ShapeError(f"the first axes of {x} have no elements")
    out = (*indices[:-1], *x[depth:])
    moving.few_axes(out)
    return (out,)


def _taken(x: Any, indices: Any) -> Any:
    """x at the rows of indices, which are integer arrays or tensors."""
    columns = [indices[..., k].clip(0, x.shape[k] - 1) for k in range(indices.shape[-1])]
    return x[tuple(columns)]


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [_taken(*inputs)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype; indices may come as reals that are whole."""
    return [_taken(inputs[0], inputs[1].long())]


def indices_are_int32(attrs: Attrs, io: Io) -> str | None:
    """indices are int32"""
    found = io.inputs[1]
    return None if found.dtype == "int32" else f'"{found.name}" is {found.dtype}'


constraints = (*moving.MOVES, indices_are_int32)
