# SPDX-License-Identifier: Apache-2.0
"""Product over axes; float only.

Inputs: x, of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _reducing as reducing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = reducing.batch_axis_stays
Attrs = reducing.Attrs
infer = reducing.infer


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    axes = reducing.axes_of(attrs, inputs[0].ndim)
    return [np.asarray(inputs[0].prod(axis=axes, dtype=np.float32, keepdims=attrs.keep_dims))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    x = inputs[0]
    for axis in reversed(reducing.axes_of(attrs, x.ndim)):
        x = x.prod(dim=axis, keepdim=attrs.keep_dims)
    return [x]


constraints = (quantized.all_float,)
