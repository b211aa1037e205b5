# SPDX-License-Identifier: Apache-2.0
"""Cases of slide."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, value
from cases._scalar import Op


def _case(
    what: str, axis: int, frames: tuple[int, ...], window: tuple[int, ...], kind: str = "int8"
) -> Case:
    def build(net: Net) -> str:
        names = [value(net, frames, kind, "x"), value(net, window, kind, "window")]
        return net.node("slide", names, axis=axis)

    return Case(f"slide/{what}", build)


CASES = (
    *(_case(f"one frame, {kind}", 1, (1, 1, 1, 5), (1, 3, 1, 5), kind) for kind in KINDS),
    _case("frames of one byte", 1, (1, 1, 1), (1, 23, 1)),
    _case("frames of 16 bytes", 1, (1, 1, 16), (1, 4, 16)),
    _case("more than half of the window", 1, (1, 5, 7), (1, 8, 7)),
    _case("the whole window", 1, (1, 4, 3), (1, 4, 3)),
    _case("within rows", 2, (1, 3, 2, 3), (1, 3, 9, 3)),
    _case("last axis", -1, (1, 2, 3), (1, 2, 21)),
    _case("first axis", 0, (2, 3), (5, 3), "int16"),
)


def scalar(op: Op) -> Array:
    """Element by element: from the window, further on, or from the frames."""
    frames, window = op.x
    axis = op.attrs.axis % window.ndim
    fresh, n = frames.shape[axis], window.shape[axis]
    result = np.zeros(window.shape, object)
    for index in np.ndindex(window.shape):
        at = list(index)
        at[axis] += fresh
        source = window
        if at[axis] >= n:
            at[axis] -= n
            source = frames
        result[index] = source[tuple(at)].item()
    return result
