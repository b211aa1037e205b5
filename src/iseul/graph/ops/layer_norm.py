# SPDX-License-Identifier: Apache-2.0
"""Layer normalization: (x - mean) / sqrt(variance + epsilon) * scale + bias of each row.

A row is all axes from `axis` on. Float only.
Inputs: x; scale, bias (both may be left out) with the shape of a row.
Paper: Ba, Kiros, Hinton: Layer Normalization, 2016.
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
    return normalizing.infer(attrs, inputs, most=3)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    axes = normalizing.row_axes(attrs, x.ndim)
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = (centred * centred).mean(axis=axes, keepdims=True)
    y = centred / np.sqrt(variance + np.float32(attrs.epsilon))
    return [normalizing.scaled(y, inputs[1:])]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    import torch.nn.functional as f

    x = inputs[0]
    row = tuple(x.shape[normalizing.first_axis(attrs, x.ndim) :])
    return [normalizing.scaled(f.layer_norm(x, row, eps=attrs.epsilon), inputs[1:])]


constraints = normalizing.constraints
