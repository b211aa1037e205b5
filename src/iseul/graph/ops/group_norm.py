# SPDX-License-Identifier: Apache-2.0
"""Group normalization: (x - mean) / sqrt(variance + epsilon) * scale + bias of each group.

Mean and variance are of one sample over all positions and the channels of a group. As many
groups as channels: instance normalization. Float only.
Inputs: x (N, ..., C); scale, bias (C), both may be left out.
Paper: Wu, He: Group Normalization, ECCV 2018.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _normalizing as normalizing
from iseul.graph.ops._shape import Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    groups: Size = Field(default=1, description="groups of channels; divides their number")
    epsilon: float = Field(
        default=1e-5, ge=0, allow_inf_nan=False, description="added to the variance"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1, 3)
    x = inputs[0].shape
    if len(x) < 2 or min(x) < 1:
        raise ShapeError(f"input {x} must be (N, ..., C) without empty axes")
    if x[-1] % attrs.groups:
        raise ShapeError(f"{x[-1]} channels do not make {attrs.groups} equal groups")
    for value in inputs[1:]:
        if value.shape != x[-1:]:
            raise ShapeError(f'"{value.name}" has shape {value.shape}, must be {x[-1:]}')
    return (x,)


def _grouped(attrs: Attrs, x: Any) -> Any:
    """x as (N, positions, groups, channels of a group)."""
    return x.reshape(x.shape[0], -1, attrs.groups, x.shape[-1] // attrs.groups)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = _grouped(attrs, inputs[0])
    centred = x - x.mean(axis=(1, 3), keepdims=True)
    variance = (centred * centred).mean(axis=(1, 3), keepdims=True)
    y = centred / np.sqrt(variance + np.float32(attrs.epsilon))
    return [normalizing.scaled(y.reshape(inputs[0].shape), inputs[1:])]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    x = _grouped(attrs, inputs[0])
    centred = x - x.mean(dim=(1, 3), keepdim=True)
    variance = (centred * centred).mean(dim=(1, 3), keepdim=True)
    y = centred / (variance + attrs.epsilon).sqrt()
    return [normalizing.scaled(y.reshape(inputs[0].shape), inputs[1:])]


constraints = normalizing.constraints
