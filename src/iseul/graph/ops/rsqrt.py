# SPDX-License-Identifier: Apache-2.0
"""Reciprocal square root of each element: 1 / sqrt(x).

int8, int16:  a fixed-point 1 / sqrt(q - zero_point) with 20 fractional bits, requantized; the
              largest integer where q is the zero point (TensorFlow Lite Micro:
              micro/kernels/elementwise.cc). The reference stops below; here it is the same
float32:      infinite at 0, NaN below
Inputs:       x of any shape.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics import fixed_point
from iseul.numerics.affine import INTEGER_RANGE
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer

FRACTION_BITS = 20


def multiplier(io: Io) -> tuple[int, int]:
    """(multiplier, shift) of 1 / (sqrt(s_in) * s_out), before the fraction bits are taken off."""
    first, last = (quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs))
    return quantize_multiplier(1.0 / (math.sqrt(first) * last))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        with np.errstate(all="ignore"):
            return [np.float32(1) / np.sqrt(x)]
    centred = (x.astype(np.int64) - quantized.zero_point(io.inputs[0])).clip(0, None)
    bits = np.frexp(centred.astype(np.float64))[1].astype(np.int64)
    return [_integers(centred, bits, io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        return [1 / inputs[0].double().sqrt().float()]
    centred = (inputs[0] - quantized.zero_point(io.inputs[0])).clip(0, None)
    return [_integers(centred, torch.frexp(centred.double())[1].long(), io)]


def _integers(centred: Any, bits: Any, io: Io) -> Any:
    """q - zero_point >= 0 to integers of the output; int64 arrays or tensors."""
    inverse, exponent = fixed_point.inverse_sqrt(centred, bits)
    root = requantize(1, inverse, exponent + FRACTION_BITS)
    factor, shift = multiplier(io)
    q = requantize(root, factor, shift - FRACTION_BITS) + quantized.zero_point(io.outputs[0])
    highest = INTEGER_RANGE[io.dtype][1]
    return quantized.clamp_integers(q + (centred == 0) * (highest - q), io)


def scales_fit(attrs: Attrs, io: Io) -> str | None:
    """1 / (sqrt(s_in) * s_out) is from 2^-12 to 2^29, so that shifts stay below 32"""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float or first.quant is None or last.quant is None:
        return None
    if FRACTION_BITS - 31 <= multiplier(io)[1] <= 29:
        return None
    return f"scales are {first.quant.scale[0]:g} and {last.quant.scale[0]:g}"


constraints = (*pointwise.TABLED, quantized.zero_points_of_int16, scales_fit)
