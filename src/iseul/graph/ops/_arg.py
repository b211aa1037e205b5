# SPDX-License-Identifier: Apache-2.0
"""What arg_max and arg_min share: the index of an extreme along an axis.

The first of equals wins (TensorFlow Lite Micro: reference/arg_min_max.h). Integers are compared as
they are: all of them have one scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

KINDS = ("float32", "int8", "int16", "int32")


class Attrs(Config):
    axis: int = Field(default=-1, ge=-8, le=7, description="axis to search; < 0 from the end")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape without the axis. Raises ShapeError."""
    expect_inputs(inputs, 1)
    shape = inputs[0].shape
    axis = axis_of(attrs, len(shape))
    if not 0 <= axis < len(shape) or shape[axis] < 1:
        raise ShapeError(f"input {shape} has no values along axis {attrs.axis}")
    return ((*shape[:axis], *shape[axis + 1 :]),)


def axis_of(attrs: Attrs, rank: int) -> int:
    """The axis counted from the first."""
    return attrs.axis + (rank if attrs.axis < 0 else 0)


def is_batched(attrs: Attrs, io: Io) -> bool:
    """Samples stay apart unless their axis is the one that is searched."""
    return axis_of(attrs, len(io.inputs[0].shape)) != 0


def run(attrs: Attrs, inputs: Sequence[Array], io: Io, *, largest: bool) -> list[Array]:
    """numpy meaning; see the file's header."""
    search = np.argmax if largest else np.argmin
    found: Array = search(inputs[0], axis=axis_of(attrs, inputs[0].ndim))
    return [found.astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io, *, largest: bool) -> list[Any]:
    """torch meaning: int64 tensors; torch does not say which of equals it finds."""
    import torch

    x, axis = inputs[0], axis_of(attrs, inputs[0].ndim)
    extreme = x.amax(axis, keepdim=True) if largest else x.amin(axis, keepdim=True)
    shape = [-1 if i == axis else 1 for i in range(x.ndim)]
    index = torch.arange(x.shape[axis], device=x.device).reshape(shape)
    return [torch.where(x == extreme, index, x.shape[axis]).amin(axis)]


def kinds_searched(attrs: Attrs, io: Io) -> str | None:
    """input is float32, int8, int16 or int32, output is int32 or int64"""
    first, last = io.inputs[0].dtype, io.outputs[0].dtype
    if first in KINDS and last in ("int32", "int64"):
        return None
    return f"input is {first}, output is {last}"


constraints = (kinds_searched,)
