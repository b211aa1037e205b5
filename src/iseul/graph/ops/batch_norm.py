# SPDX-License-Identifier: Apache-2.0
"""Batch normalization with fixed statistics over the last axis; float only.

y = (x - mean) / sqrt(variance + epsilon) * scale + offset. A pass folds it into the weights
before it where there are some, so it has no integer meaning.
Inputs: x (N, ..., C); scale, offset, mean, variance (C).
Paper: Ioffe, Szegedy: Batch Normalization, ICML 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
# Inputs that are measured, not learned: mean and variance
STATISTICS = (3, 4)


class Attrs(Config):
    epsilon: float = Field(
        default=1e-5, ge=0, allow_inf_nan=False, description="added to the variance"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 5)
    x = inputs[0].shape
    for value in inputs[1:]:
        if value.shape != x[-1:]:
            raise ShapeError(f'"{value.name}" has shape {value.shape}, must be {x[-1:]}')
    return (x,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, scale, offset, mean, variance = inputs
    gain = scale / np.sqrt(variance + np.float32(attrs.epsilon))
    return [(x - mean) * gain + offset]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    x, scale, offset, mean, variance = inputs
    return [(x - mean) * (scale / (variance + attrs.epsilon).sqrt()) + offset]


constraints = (quantized.all_float, quantized.weights_are_constant)
