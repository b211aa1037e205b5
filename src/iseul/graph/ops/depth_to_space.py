# SPDX-License-Identifier: Apache-2.0
"""Depth to space: channels become blocks of pixels.

dcr: channel (i * block + j) * C + c goes to channel c of pixel (i, j) of a block (TensorFlow
     Lite Micro: reference/depth_to_space.h; ONNX: DepthToSpace, mode DCR)
crd: channel (c * block + i) * block + j goes there (ONNX: mode CRD; torch: pixel_shuffle)
Inputs: x (N, H, W, C) of any dtype; C is a multiple of block^2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    block: Size = Field(default=2, description="rows and columns of a block; >= 1")
    mode: Literal["dcr", "crd"] = Field(default="dcr", description="order of the channels")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """(N, H * block, W * block, C / block^2). Raises ShapeError."""
    expect_inputs(inputs, 1)
    x, b = inputs[0].shape, attrs.block
    if len(x) != 4 or x[3] % (b * b):
        raise ShapeError(f"{x} must be (N, H, W, C) with C a multiple of {b * b}")
    return ((x[0], x[1] * b, x[2] * b, x[3] // (b * b)),)


def split_channels(attrs: Attrs, depth: int) -> tuple[Shape, tuple[int, ...]]:
    """(sizes that the channels split into, axes of (N, h, w, those) in the output's order)."""
    b, c = attrs.block, depth // (attrs.block * attrs.block)
    if attrs.mode == "dcr":
        return (b, b, c), (0, 1, 3, 2, 4, 5)
    return (c, b, b), (0, 1, 4, 2, 5, 3)


def _moved(attrs: Attrs, x: Any, io: Io) -> Any:
    sizes, order = split_channels(attrs, x.shape[3])
    blocks = x.reshape(*x.shape[:3], *sizes)
    turned = blocks.permute(order) if hasattr(blocks, "permute") else blocks.transpose(order)
    return turned.reshape(-1, *io.outputs[0].shape[1:])


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [_moved(attrs, inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [_moved(attrs, inputs[0], io)]


constraints = moving.MOVES
