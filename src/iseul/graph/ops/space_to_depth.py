# SPDX-License-Identifier: Apache-2.0
"""Space to depth: blocks of pixels become channels (TensorFlow Lite Micro:
reference/space_to_depth.h).

Channel (i * block + j) * C + c of an output pixel is channel c of pixel (i, j) of its block.
Inputs: x (N, H, W, C) of any dtype; H and W are multiples of `block`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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

# axes of (N, h, i, w, j, C) in the order of the output (N, h, w, i, j, C)
ORDER = (0, 1, 3, 2, 4, 5)


class Attrs(Config):
    block: Size = Field(default=2, description="rows and columns of a block; >= 1")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """(N, H / block, W / block, C * block^2). Raises ShapeError."""
    expect_inputs(inputs, 1)
    x, b = inputs[0].shape, attrs.block
    if len(x) != 4 or x[1] % b or x[2] % b:
        raise ShapeError(f"{x} must be (N, H, W, C) with H and W multiples of {b}")
    return ((x[0], x[1] // b, x[2] // b, x[3] * b * b),)


def _moved(attrs: Attrs, x: Any, io: Io) -> Any:
    _, rows, columns, depth = io.outputs[0].shape
    b = attrs.block
    blocks = x.reshape(-1, rows, b, columns, b, x.shape[3])
    turned = blocks.permute(ORDER) if hasattr(blocks, "permute") else blocks.transpose(ORDER)
    return turned.reshape(-1, rows, columns, depth)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [_moved(attrs, inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [_moved(attrs, inputs[0], io)]


constraints = moving.MOVES
