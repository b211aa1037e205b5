# SPDX-License-Identifier: Apache-2.0
"""Square root of each element.

int8, int16:  the root of the real in float32, divided by the output's scale and truncated, plus
              zero point, saturated (TensorFlow Lite: kernels/elementwise.cc; TensorFlow Lite
              Micro has floats only). The reference stops at negative reals; here they give 0
float32:      NaN below 0
Inputs:       x of any shape.
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


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, first, last = inputs[0], io.inputs[0], io.outputs[0]
    if last.is_float:
        with np.errstate(invalid="ignore"):
            return [np.sqrt(x)]
    centred = (x.astype(np.int64) - quantized.zero_point(first)).clip(0, None)
    with np.errstate(over="ignore"):
        real = np.float32(quantized.quant_of(first).scale[0]) * centred.astype(np.float32)
        steps = np.sqrt(real) / np.float32(quantized.quant_of(last).scale[0])
    # beyond any result: the conversion of larger reals is undefined in C
    whole = np.minimum(steps, np.float32(1 << 20)).astype(np.int64)
    return [quantized.clamp_integers(whole + quantized.zero_point(last), io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return [inputs[0].double().sqrt().float()]  # rounded once, unlike torch's of float32
    return [pointwise.every_integer(run, attrs, inputs[0], io)]


constraints = pointwise.TABLED
