# SPDX-License-Identifier: Apache-2.0
"""Whether any value over axes is true; bool only.

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
    return [np.asarray(inputs[0].any(axis=axes, keepdims=attrs.keep_dims))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning on bool tensors."""
    x = inputs[0]
    for axis in reversed(reducing.axes_of(attrs, x.ndim)):
        x = x.any(dim=axis, keepdim=attrs.keep_dims)
    return [x]


constraints = (quantized.kinds_among("bool"),)
