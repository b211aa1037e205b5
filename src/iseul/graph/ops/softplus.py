# SPDX-License-Identifier: Apache-2.0
"""Softplus of each element: ln(1 + exp(x)).

float32 only.
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer
constraints = (quantized.all_float,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning."""
    x = inputs[0]
    return [np.maximum(x, np.float32(0)) + np.log1p(np.exp(-np.abs(x)))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    import torch

    return [torch.nn.functional.softplus(inputs[0])]
