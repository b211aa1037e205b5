# SPDX-License-Identifier: Apache-2.0
"""Batch to space: samples of the batch become blocks of an image, whose border is cut off.

The other way round of space_to_batch_nd (TensorFlow Lite Micro: reference/batch_to_space_nd.h).
Inputs: x (N, spatial axes, rest) of any dtype; N is a multiple of the product of `block`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops._shape import Pad, Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = False  # samples become mixed with the blocks


class Attrs(Config):
    block: tuple[Size, ...] = Field(default=(2, 2), description="block of each spatial axis; >= 1")
    crops: tuple[tuple[Pad, Pad], ...] = Field(
        default=((0, 0), (0, 0)), description="(before, after) of each spatial axis; >= 0"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """(N / blocks, sizes * block - crops, rest). Raises ShapeError."""
    expect_inputs(inputs, 1)
    x, m, blocks = inputs[0].shape, len(attrs.block), prod(attrs.block)
    moving.few_axes(x)
    if len(attrs.crops) != m or len(x) < m + 1:
        raise ShapeError(f"{m} block sizes and {len(attrs.crops)} pairs of crops for input {x}")
    if x[0] % blocks:
        raise ShapeError(f"batch {x[0]} must be a multiple of {blocks}")
    sizes = zip(x[1:], attrs.block, attrs.crops, strict=False)
    left = [n * b - sum(pair) for n, b, pair in sizes]
    if any(n < 1 for n in left):
        raise ShapeError(f"crops {attrs.crops} leave nothing of {x} in blocks of {attrs.block}")
    return ((x[0] // blocks, *left, *x[1 + m :]),)


def _moved(attrs: Attrs, x: Any, io: Io) -> Any:
    m, n = len(attrs.block), io.outputs[0].shape[0]
    # axes of (block, block, .., N, size, .., rest) as (N, size, block, size, block, .., rest)
    order = [m, *(axis for i in range(m) for axis in (m + 1 + i, i)), *range(2 * m + 1, x.ndim + m)]
    blocks = x.reshape(*attrs.block, n, *x.shape[1:])
    turned = blocks.permute(order) if hasattr(blocks, "permute") else blocks.transpose(order)
    sizes = [size * b for size, b in zip(x.shape[1 : m + 1], attrs.block, strict=True)]
    whole = turned.reshape(n, *sizes, *x.shape[m + 1 :])
    cut = [
        slice(before, size - after)
        for size, (before, after) in zip(sizes, attrs.crops, strict=True)
    ]
    return whole[(slice(None), *cut)]


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    return [_moved(attrs, inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    return [_moved(attrs, inputs[0], io)]


constraints = moving.MOVES
