# SPDX-License-Identifier: Apache-2.0
"""Padding with what is inside: a border that mirrors the input, or repeats its edge.

reflect:   c b | a b c | b a        symmetric: b a | a b c | c b        edge: a a | a b c | c c
(TensorFlow Lite Micro: micro/kernels/mirror_pad.cc; ONNX: Pad)
Inputs: x of any shape and dtype. `pads` has (before, after) for each axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import Pad, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    pads: tuple[tuple[Pad, Pad], ...] = Field(
        default=(), description="(before, after) of each axis; >= 0"
    )
    mode: Literal["reflect", "symmetric", "edge"] = Field(
        default="reflect", description="what the border holds"
    )


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return not any(attrs.pads[0])


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The padded shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    moving.few_axes(x)
    if len(attrs.pads) != len(x):
        raise ShapeError(f"{len(attrs.pads)} pairs of pads for input {x}, must be {len(x)}")
    for n, pair in zip(x, attrs.pads, strict=True):
        most = {"reflect": n - 1, "symmetric": n}.get(attrs.mode, max(pair))
        if n < 1 or max(pair) > most:
            raise ShapeError(f"pads {pair} of an axis of {n} must be at most {most}")
    return (tuple(n + sum(pair) for n, pair in zip(x, attrs.pads, strict=True)),)


def indices(attrs: Attrs, axis: int, n: int) -> Array:
    """The input element behind each element of an output axis; n: elements of the input."""
    before, after = attrs.pads[axis]
    place = np.arange(-before, n + after)
    if attrs.mode == "edge":
        return place.clip(0, n - 1)
    back = 1 if attrs.mode == "symmetric" else 0
    place = np.where(place < 0, -place - back, place)
    return np.where(place >= n, 2 * (n - 1) + back - place, place)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    x = inputs[0]
    for axis, pair in enumerate(attrs.pads):
        if any(pair):
            x = x.take(indices(attrs, axis, x.shape[axis]), axis)
    return [x]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    import torch

    x = inputs[0]
    for axis, pair in enumerate(attrs.pads):
        if any(pair):
            chosen = torch.tensor(indices(attrs, axis, x.shape[axis]), device=x.device)
            x = x.index_select(axis, chosen)
    return [x]


constraints = moving.MOVES
