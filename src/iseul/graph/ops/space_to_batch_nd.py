# SPDX-License-Identifier: Apache-2.0
"""Space to batch: blocks of a padded image become samples of the batch.

Sample (i * blocks + j) * N + n of the output is every block-th pixel, from (i, j) on, of sample
n (TensorFlow Lite Micro: reference/space_to_batch_nd.h). The border is real 0, the zero point of
integers, as in TensorFlow Lite; TFLM's kernel fills it with a number that it never sets.
Inputs: x (N, spatial axes, rest) of any dtype; padded sizes are multiples of `block`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _moving as moving
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import Pad, Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = False  # samples become mixed with the blocks


class Attrs(Config):
    block: tuple[Size, ...] = Field(default=(2, 2), description="block of each spatial axis; >= 1")
    pads: tuple[tuple[Pad, Pad], ...] = Field(
        default=((0, 0), (0, 0)), description="(before, after) of each spatial axis; >= 0"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """(N * blocks, padded sizes / block, rest). Raises ShapeError."""
    expect_inputs(inputs, 1)
    x, m = inputs[0].shape, len(attrs.block)
    moving.few_axes(x)
    if len(attrs.pads) != m or len(x) < m + 1:
        raise ShapeError(f"{m} block sizes and {len(attrs.pads)} pairs of pads for input {x}")
    padded = [n + sum(pair) for n, pair in zip(x[1:], attrs.pads, strict=False)]
    if any(n % b for n, b in zip(padded, attrs.block, strict=True)):
        raise ShapeError(f"padded sizes {tuple(padded)} must be multiples of {attrs.block}")
    whole = [n // b for n, b in zip(padded, attrs.block, strict=True)]
    return ((x[0] * prod(attrs.block), *whole, *x[1 + m :]),)


def order(m: int, rank: int) -> tuple[int, ...]:
    """Axes of (N, size, block, size, block, .., rest) as (block, block, .., N, size, .., rest)."""
    blocks, sizes = range(2, 2 * m + 1, 2), range(1, 2 * m, 2)
    return (*blocks, 0, *sizes, *range(2 * m + 1, rank + m))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning, for any dtype."""
    x, m = inputs[0], len(attrs.block)
    pads = ((0, 0), *attrs.pads, *((0, 0),) * (x.ndim - m - 1))
    padded = np.pad(x, pads, constant_values=quantized.zero_point(io.outputs[0]))
    return [_blocks(attrs, padded).transpose(order(m, x.ndim)).reshape(io.outputs[0].shape)]


def _blocks(attrs: Attrs, x: Any) -> Any:
    """(N, size, block, size, block, .., rest) of the padded input."""
    m = len(attrs.block)
    pairs = zip(x.shape[1 : m + 1], attrs.block, strict=True)
    split = [part for n, b in pairs for part in (n // b, b)]
    return x.reshape(x.shape[0], *split, *x.shape[m + 1 :])


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, for any dtype."""
    import torch.nn.functional as f

    x, m = inputs[0], len(attrs.block)
    pads = (*attrs.pads, *((0, 0),) * (x.ndim - m - 1))
    flat = [n for pair in reversed(pads) for n in pair]
    zero = quantized.zero_point(io.outputs[0])
    padded = f.pad(x, flat, value=bool(zero) if io.dtype == "bool" else zero)
    return [_blocks(attrs, padded).permute(order(m, x.ndim)).reshape(io.outputs[0].shape)]


constraints = moving.MOVES
