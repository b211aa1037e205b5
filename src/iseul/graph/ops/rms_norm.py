# SPDX-License-Identifier: Apache-2.0
"""RMS normalization: x / sqrt(mean of x^2 + epsilon) * scale of each row.

A row is all axes from `axis` on. Float only.
Inputs: x; scale (may be left out) with the shape of a row.
Paper: Zhang, Sennrich: Root Mean Square Layer Normalization, NeurIPS 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _normalizing as normalizing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = normalizing.rows_stay_apart
Attrs = normalizing.Attrs


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return normalizing.infer(attrs, inputs, most=2)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    square = (x * x).mean(axis=normalizing.row_axes(attrs, x.ndim), keepdims=True)
    return [normalizing.scaled(x / np.sqrt(square + np.float32(attrs.epsilon)), inputs[1:])]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    x = inputs[0]
    square = (x * x).mean(dim=normalizing.row_axes(attrs, x.ndim), keepdim=True)
    return [normalizing.scaled(x / (square + attrs.epsilon).sqrt(), inputs[1:])]


constraints = normalizing.constraints
