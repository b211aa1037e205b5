# SPDX-License-Identifier: Apache-2.0
"""Nearest-neighbour resize of images: each output pixel is one input pixel.

TensorFlow Lite (TFLM: reference/resize_nearest_neighbor.h) has asymmetric coordinates rounded
down, half pixels and aligned corners rounded half up; ONNX's Resize has every combination.
Inputs: x (N, H, W, C) of any dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.graph.ops import _moving as moving
from iseul.graph.ops import _resizing as resizing
from iseul.numerics.affine import round_half_away

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
infer = resizing.infer


class Attrs(resizing.Attrs):
    rounding: Literal["down", "up", "half_down", "half_up"] = Field(
        default="down", description="which pixel is taken between two"
    )


def places(attrs: Attrs, axis: int, n_in: int) -> Array:
    """The input pixel of each output pixel along the rows (axis 0) or columns (axis 1)."""
    n_out = attrs.size[axis]
    scale = resizing.step(n_in, n_out, attrs.coordinates)
    at = np.arange(n_out).astype(np.float32)
    half = np.float32(0.5)
    if attrs.coordinates == "half_pixel":
        at = (at + half) * scale
        if attrs.rounding == "half_up":  # half pixels cancel: the reference takes neither
            return np.floor(at).astype(np.int64).clip(0, n_in - 1)
        at = at - half
    else:
        at = at * scale
    rounded = {
        "down": np.floor(at),
        "up": np.ceil(at),
        "half_down": np.ceil(at - half),
        "half_up": round_half_away(at),
    }[attrs.rounding]
    return rounded.astype(np.int64).clip(0, n_in - 1)


def _rows_and_columns(attrs: Attrs, io: Io) -> tuple[Array, Array]:
    shape = io.inputs[0].shape
    return places(attrs, 0, shape[1]), places(attrs, 1, shape[2])


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    rows, columns = _rows_and_columns(attrs, io)
    return [inputs[0][:, rows][:, :, columns]]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    import torch

    x = inputs[0]
    rows, columns = (torch.tensor(side, device=x.device) for side in _rows_and_columns(attrs, io))
    return [x.index_select(1, rows).index_select(2, columns)]


constraints = moving.MOVES
