# SPDX-License-Identifier: Apache-2.0
"""Reshape: the same elements in the same order under another shape.

Inputs: x of any shape. `shape` names the batch axis too; one size may be -1: what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    shape: tuple[int, ...] = Field(default=(1, -1), description="sizes; one may be -1")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The new shape, -1 resolved. Raises ShapeError."""
    expect_inputs(inputs, 1)
    known = [size for size in attrs.shape if size != -1]
    if len(known) < len(attrs.shape) - 1 or any(size < 1 for size in known):
        raise ShapeError(f"shape {attrs.shape} must have sizes >= 1, at most one of them -1")
    n, product = inputs[0].n_elements, int(np.prod(known, dtype=object))
    shape = tuple(n // product if size == -1 else size for size in attrs.shape)
    if n < 1 or int(np.prod(shape, dtype=object)) != n:
        raise ShapeError(f"{inputs[0].shape} has {n} elements and can not become {attrs.shape}")
    return (shape,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning. Axis 0 is what is left, so that stacked samples stay apart."""
    return [inputs[0].reshape(_sizes(io))]


def _sizes(io: Io) -> Shape:
    """The output's sizes, the first one open; a scalar has none."""
    shape = io.outputs[0].shape
    return (-1, *shape[1:]) if shape else ()


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [inputs[0].reshape(_sizes(io))]


def same_dtype(attrs: Attrs, io: Io) -> str | None:
    """input and output have the same dtype"""
    first, last = io.inputs[0].dtype, io.outputs[0].dtype
    return None if first == last else f"input is {first}, output is {last}"


constraints = (same_dtype, quantized.same_quantization)
