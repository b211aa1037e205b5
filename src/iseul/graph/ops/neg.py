# SPDX-License-Identifier: Apache-2.0
"""Negative of each element.

Integers: the negative in their own width; that of the lowest one wraps around to itself
          (TensorFlow Lite: kernels/neg.cc; TensorFlow Lite Micro has floats only). int8 and
          int16 keep their scale and have zero point 0, int32 has no quantization
Inputs:   x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import INTEGER_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        return [np.negative(inputs[0])]
    return [_integers(inputs[0].astype(np.int64), io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [-inputs[0] if io.outputs[0].is_float else _integers(inputs[0], io)]


def _integers(x: Any, io: Io) -> Any:
    low = INTEGER_RANGE[io.dtype][0]
    return -x + (x == low) * (2 * low)


def zero_point_0(attrs: Attrs, io: Io) -> str | None:
    """an integer input has zero point 0"""
    zero = quantized.zero_point(io.inputs[0])
    return f"its zero point is {zero}" if zero else None


constraints = (
    pointwise.float_int8_int16_or_plain,
    quantized.same_quantization,
    zero_point_0,
)
