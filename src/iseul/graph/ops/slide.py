# SPDX-License-Identifier: Apache-2.0
"""A window slid along an axis: new frames come in at its end, as many go at its start.

Feed the output back into the second input as a state: it holds the last frames of a stream.
Inputs: x (..., h, ...), the new frames; window (..., n, ...), n >= h. Output: the window after.
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
    axis: int = Field(default=1, description="axis of the frames; negative: from the end")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.axis % len(io.outputs[0].shape) != 0


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The window's shape. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, window = inputs[0].shape, inputs[1].shape
    moving.few_axes(window)
    axis = moving.whole_axis(attrs.axis, len(window))
    if len(x) != len(window) or x[:axis] + x[axis + 1 :] != window[:axis] + window[axis + 1 :]:
        raise ShapeError(f"frames {x} and window {window} differ not only along axis {axis}")
    if x[axis] > window[axis]:
        raise ShapeError(f"{x[axis]} frames do not go into a window of {window[axis]}")
    return (window,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    axis = attrs.axis % inputs[1].ndim
    x, window = moving.stacked(inputs, axis)
    return [np.concatenate([np.split(window, [x.shape[axis]], axis)[1], x], axis)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    import torch

    axis = attrs.axis % inputs[1].ndim
    x, window = moving.stacked(inputs, axis)
    n = x.shape[axis]
    return [torch.cat([window.narrow(axis, n, window.shape[axis] - n), x], axis)]


constraints = moving.JOINS
