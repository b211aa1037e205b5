# SPDX-License-Identifier: Apache-2.0
"""Softmax over the last axis: exp(beta * x) / sum exp(beta * x).

int8:   fixed-point exponentials of the distance to the row's maximum in Q5.26, summed in
        Q12.19, times a Newton-Raphson reciprocal; the output has scale 1/256 and zero point
        -128 (TensorFlow Lite Micro: reference/softmax.h, micro/kernels/softmax_common.cc).
        Only 256 distances exist, so the exponentials are a table.
Inputs: x (..., K).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics import fixed_point
from iseul.numerics.requantize import quantize_multiplier, rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True

_DIFFERENCE_BITS = 5  # integer bits of the scaled distance, Q5.26
_SUM_BITS = 12  # integer bits of the sum of exponentials, Q12.19
# The reference shifts by num_bits_over_unit + 23, which must stay below 32: sum < 2^9
_MOST_CLASSES = 511


class Attrs(Config):
    beta: float = Field(default=1.0, gt=0, le=1e30, description="factor on x; > 0")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    if not inputs[0].shape or inputs[0].shape[-1] < 1:
        raise ShapeError(f"input {inputs[0].shape} has no values along its last axis")
    return (inputs[0].shape,)


def multiplier(attrs: Attrs, io: Io) -> tuple[int, int, int]:
    """(multiplier, left shift, smallest distance that counts), from the input's scale."""
    beta = float(np.float32(attrs.beta))
    real = beta * quantized.quant_of(io.inputs[0]).scale[0] * 2.0 ** (31 - _DIFFERENCE_BITS)
    factor, shift = quantize_multiplier(min(real, 2.0**31 - 1))
    widest = ((1 << _DIFFERENCE_BITS) - 1) * 2.0 ** (31 - _DIFFERENCE_BITS) / 2.0**shift
    return factor, shift, -math.floor(widest)


def exponentials(attrs: Attrs, io: Io) -> NDArray[np.int64]:
    """Q0.31 exponentials of the distances 0, -1, .. -255 to the maximum; 0: does not count."""
    factor, shift, smallest = multiplier(attrs, io)
    distance = -np.arange(256, dtype=np.int64)
    counts = distance >= smallest
    scaled = fixed_point.high_mul(np.where(counts, distance, 0) << shift, factor)
    return np.where(counts, fixed_point.exp_on_negative_values(scaled, _DIFFERENCE_BITS), 0)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        e = np.exp((x - x.max(axis=-1, keepdims=True)) * np.float32(attrs.beta))
        return [e / e.sum(axis=-1, keepdims=True)]
    x = x.astype(np.int64)
    e = exponentials(attrs, io)[x.max(axis=-1, keepdims=True) - x]
    total = rounding_divide_by_pot(e, _SUM_BITS).sum(axis=-1, keepdims=True)
    return [_normalize(e, total, np.frexp(total.astype(np.float64))[1].astype(np.int64))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x = inputs[0]
    if io.outputs[0].is_float:
        return [torch.softmax(x * attrs.beta, dim=-1)]
    e = torch.tensor(exponentials(attrs, io), device=x.device)[x.amax(-1, keepdim=True) - x]
    total = rounding_divide_by_pot(e, _SUM_BITS).sum(-1, keepdim=True)
    return [_normalize(e, total, torch.frexp(total.double())[1].long())]


def _normalize(e: Any, total: Any, bit_length: Any) -> Any:
    """Exponentials in Q0.31 over their sum in Q12.19, as int8; arrays or tensors."""
    headroom = 32 - bit_length
    reciprocal = fixed_point.one_over_one_plus_x((total << headroom) - (1 << 31))
    exponent = _SUM_BITS - headroom + 31 - 8
    # distances that do not count have e = 0 and so become 0 here, as in the reference
    q = rounding_divide_by_pot(fixed_point.high_mul(reciprocal, e), exponent)
    return (q - 128).clip(-128, 127)


def output_is_256th(attrs: Attrs, io: Io) -> str | None:
    """an int8 output has scale 1/256 and zero point -128"""
    quant = io.outputs[0].quant
    if quant is None or (quant.scale, quant.zero_point) == ((1 / 256,), (-128,)):
        return None
    return f"scale {quant.scale[0]:g}, zero point {quant.zero_point[0]}"


def scale_counts(attrs: Attrs, io: Io) -> str | None:
    """beta times an int8 input's scale is more than 2^-26"""
    quant = io.inputs[0].quant
    if quant is None or attrs.beta * quant.scale[0] * 2.0 ** (31 - _DIFFERENCE_BITS) > 1:
        return None
    return f"beta {attrs.beta:g}, scale {quant.scale[0]:g}"


def few_classes(attrs: Attrs, io: Io) -> str | None:
    """int8 rows have at most 511 values (the reference's shift is below 32)"""
    n = io.inputs[0].shape[-1]
    return None if io.outputs[0].is_float or n <= _MOST_CLASSES else f"{n} values"


constraints = (
    quantized.kinds_float_or_int8,
    quantized.quantized_per_tensor,
    output_is_256th,
    scale_counts,
    few_classes,
)
