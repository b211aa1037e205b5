# SPDX-License-Identifier: Apache-2.0
"""Natural logarithm of each element.

int8, int16:  a table; what is not positive becomes the smallest real of the output (TensorFlow
              Lite: kernels/elementwise.cc; TensorFlow Lite Micro has floats only)
float32:      -infinity at 0, NaN below
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import INTEGER_RANGE
from iseul.numerics.lut import correctly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array
    from iseul.numerics.lut import Function, Reals

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer
constraints = (*pointwise.TABLED, quantized.zero_points_of_int16)


def function_of(io: Io) -> Function:
    """ln, or the output's smallest real where there is none."""
    natural = correctly(np.log)
    last = io.outputs[0]
    if last.is_float:
        return natural
    lowest = INTEGER_RANGE[last.dtype][0] - quantized.zero_point(last)
    with np.errstate(over="ignore"):
        least = np.float32(lowest) * np.float32(quantized.quant_of(last).scale[0])

    def function(x: Reals) -> Reals:
        return np.where(x > 0, natural(np.where(x > 0, x, np.float32(1))), least)

    return function


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [pointwise.run_tabled(function_of(io), inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return [inputs[0].log()]
    return [pointwise.run_tabled_torch(function_of(io), inputs[0], io)]
