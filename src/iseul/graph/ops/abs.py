# SPDX-License-Identifier: Apache-2.0
"""Absolute value of each element.

int8, int16:  |q - zero_point| requantized to the output; with equal scales the multiplier is
              exactly 1 (TensorFlow Lite Micro: micro/kernels/elementwise.cc)
int32:        without quantization; that of -2^31 wraps around
Inputs: x of any shape.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import per_tensor
from iseul.numerics.requantize import wrap_int32

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
        return [np.abs(inputs[0])]
    return [_integers(inputs[0].astype(np.int64), io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [inputs[0].abs() if io.outputs[0].is_float else _integers(inputs[0], io)]


def _integers(x: Any, io: Io) -> Any:
    """int64 arrays or tensors of q to those of the output."""
    first, last = io.inputs[0], io.outputs[0]
    if first.dtype == "int32":
        return wrap_int32(abs(x))
    centred = replace(first, quant=per_tensor(quantized.quant_of(first).scale[0]))
    q = quantized.rescale(abs(x - quantized.zero_point(first)), centred, last)
    return quantized.clamp_integers(q, io)


constraints = (
    pointwise.float_int8_int16_or_plain,
    quantized.zero_points_of_int16,
    quantized.rescale_fits,
)
