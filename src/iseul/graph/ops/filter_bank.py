# SPDX-License-Identifier: Apache-2.0
"""Sums over the overlapping triangles of a filter bank; uint32 to uint64.

Channel c adds weights * x over its own values and unweights * x over those of the channel
before it; sums wrap round (TensorFlow Lite Micro: signal/src/filter_bank.cc). Channel -1 is
not put out.
Inputs: x (n) uint32; weights, unweights (m); then the first value, the first weight and the
number of values of the channels -1 .. C - 1, (C + 1) each. Tables are int16 constants.
Output: (C) uint64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _signal as signal
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = False  # one spectrum


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """One value per channel. Raises ShapeError."""
    expect_inputs(inputs, 6)
    shapes = [value.shape for value in inputs]
    if any(len(shape) != 1 for shape in shapes) or shapes[1] != shapes[2]:
        raise ShapeError(f"shapes are {shapes}; must have one axis, weights as many as unweights")
    if shapes[3][0] < 2 or not shapes[3] == shapes[4] == shapes[5]:
        raise ShapeError(f"starts and widths are {shapes[3:]}, must be as many, 2 or more")
    return ((shapes[3][0] - 1,),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0].astype(np.uint64)
    # negative weights wrap round as they do in C
    weights, unweights = (array.astype(np.int64).astype(np.uint64) for array in inputs[1:3])
    made, carried = [], np.uint64(0)
    for first, at, width in zip(*(table.tolist() for table in inputs[3:]), strict=True):
        near = x[first : first + width]
        with np.errstate(over="ignore"):
            made.append(carried + (weights[at : at + width] * near).sum(dtype=np.uint64))
        carried = (unweights[at : at + width] * near).sum(dtype=np.uint64)
    return [np.array(made[1:], np.uint64)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


def channels_are_inside(attrs: Attrs, io: Io) -> str | None:
    """channels lie inside the spectrum, their weights inside the tables"""
    tables = [value.data for value in io.inputs[3:]]
    if any(table is None for table in tables):
        return None  # another rule says so
    n, m = io.inputs[0].shape[0], io.inputs[1].shape[0]
    for i, (first, at, width) in enumerate(zip(*(t.tolist() for t in tables), strict=True)):  # type: ignore[union-attr]
        if min(first, at, width) < 0 or first + width > n or at + width > m:
            return f"channel {i - 1} has {width} values from {first}, weights from {at}"
    return None


constraints = (
    signal.kinds("uint32", "int16", "int16", "int16", "int16", "int16", "uint64"),
    signal.constants(1, 2, 3, 4, 5),
    channels_are_inside,
)
