# SPDX-License-Identifier: Apache-2.0
"""Local response normalization: x / (bias + alpha * sum of squares of near channels)^beta.

Near channels of c are c - (size - 1) // 2 .. c + size // 2, as far as they exist. Float only.
Inputs: x (..., C).
Paper: Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural
Networks, NeurIPS 2012.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _normalizing as normalizing
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


BATCHED = normalizing.channels_stay_apart


class Attrs(Config):
    size: Size = Field(default=5, description="channels whose squares are added; >= 1")
    alpha: float = Field(default=1e-4, ge=0, le=1e30, description="factor on the sum")
    beta: float = Field(default=0.75, ge=0, le=100, description="exponent")
    bias: float = Field(default=1.0, gt=0, le=1e30, description="added to the scaled sum; > 0")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    if not inputs[0].shape:
        raise ShapeError("input has no channel axis")
    return (inputs[0].shape,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    n = x.shape[-1]
    total = np.zeros_like(x)
    for c in range(n):
        near = x[..., max(0, c - (attrs.size - 1) // 2) : c + attrs.size // 2 + 1]
        total[..., c] = (near * near).sum(axis=-1)
    base = np.float32(attrs.bias) + np.float32(attrs.alpha) * total
    return [x * base ** np.float32(-attrs.beta)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    import torch

    x = inputs[0]
    squares, n = x * x, x.shape[-1]
    sums = [
        squares[..., max(0, c - (attrs.size - 1) // 2) : c + attrs.size // 2 + 1].sum(-1)
        for c in range(n)
    ]
    return [x * (attrs.bias + attrs.alpha * torch.stack(sums, -1)) ** -attrs.beta]


constraints = (quantized.all_float,)
