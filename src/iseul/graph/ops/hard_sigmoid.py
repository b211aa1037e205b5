# SPDX-License-Identifier: Apache-2.0
"""Hard sigmoid of each element: min(max(alpha * x + beta, 0), 1).

float32 only.
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
infer = pointwise.infer
constraints = (quantized.all_float,)


class Attrs(Config):
    alpha: float = Field(default=0.2, ge=-1e30, le=1e30, description="slope between 0 and 1")
    beta: float = Field(default=0.5, ge=-1e30, le=1e30, description="result at 0")


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning."""
    line = np.float32(attrs.alpha) * inputs[0] + np.float32(attrs.beta)
    return [np.clip(line, np.float32(0), np.float32(1))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    return [(attrs.alpha * inputs[0] + attrs.beta).clamp(0, 1)]
