# SPDX-License-Identifier: Apache-2.0
"""Error function of each element: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.

float32 only.
Inputs: x of any shape.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.lut import correctly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer
constraints = (quantized.all_float,)

_erf = correctly(np.vectorize(math.erf, otypes=[np.float64]))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning."""
    x = inputs[0]
    return [_erf(x)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    import torch

    return [torch.erf(inputs[0])]
