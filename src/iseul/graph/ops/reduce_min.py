# SPDX-License-Identifier: Apache-2.0
"""Smallest value over axes.

int8, int16: input and output have one quantization
             (TensorFlow Lite Micro: micro/kernels/reduce_common.cc, reference/reduce.h)
int32:       plain numbers
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
    return [np.asarray(inputs[0].min(axis=axes, keepdims=attrs.keep_dims))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    x = inputs[0]
    axes = reducing.axes_of(attrs, x.ndim)
    return [x.amin(dim=axes, keepdim=attrs.keep_dims) if axes else x]


constraints = (
    quantized.kinds_among("float32", "int8", "int16", "int32"),
    reducing.quantized_if_narrow,
    quantized.same_quantization,
)
