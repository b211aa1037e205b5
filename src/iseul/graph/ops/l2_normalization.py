# SPDX-License-Identifier: Apache-2.0
"""Rows of the last axis divided by their length: x / max(sqrt(sum x^2), epsilon).

int8:   the integers' own length, its inverse by Newton-Raphson in Q3.28; the output has scale
        1/128 and zero point 0 (TensorFlow Lite Micro: integer_ops/l2normalization.h)
Inputs: x (..., C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _normalizing as normalizing
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.fixed_point import inverse_sqrt
from iseul.numerics.requantize import requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

_OUTPUT_BITS = 7  # the output's scale is 2^-7


BATCHED = normalizing.channels_stay_apart


class Attrs(Config):
    epsilon: float = Field(
        default=1e-6, ge=0, allow_inf_nan=False, description="least length of a row of reals"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    if not x or x[-1] < 1:
        raise ShapeError(f"input {x} has no values along its last axis")
    return (x,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        length = np.sqrt((x * x).sum(axis=-1, keepdims=True))
        return [x / np.maximum(length, np.float32(attrs.epsilon))]
    centred = x.astype(np.int64) - quantized.zero_point(io.inputs[0])
    total = (centred * centred).sum(axis=-1, keepdims=True)
    bits = np.frexp(total.astype(np.float64))[1].astype(np.int64)
    return [_integers(centred, total, bits).astype(np.int8)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x = inputs[0]
    if io.outputs[0].is_float:
        length = (x * x).sum(-1, keepdim=True).clamp(min=attrs.epsilon**2).sqrt()
        return [x / length]
    centred = x - quantized.zero_point(io.inputs[0])
    total = (centred * centred).sum(-1, keepdim=True)
    return [_integers(centred, total, torch.frexp(total.double())[1].long())]


def _integers(centred: Any, total: Any, bits: Any) -> Any:
    """x - zero_point over the root of the sum of squares, as int8; arrays or tensors."""
    multiplier, shift = inverse_sqrt(total, bits)
    return requantize(centred, multiplier, shift + _OUTPUT_BITS).clip(-128, 127)


def output_is_128th(attrs: Attrs, io: Io) -> str | None:
    """an int8 output has scale 1/128 and zero point 0"""
    quant = io.outputs[0].quant
    if quant is None or (quant.scale, quant.zero_point) == ((1 / 128,), (0,)):
        return None
    return f"scale {quant.scale[0]:g}, zero point {quant.zero_point[0]}"


def squares_fit(attrs: Attrs, io: Io) -> str | None:
    """the squares of an int8 row add up to less than 2^31"""
    x = io.inputs[0]
    if x.is_float or quantized.reach(x) ** 2 * x.shape[-1] < 2**31:
        return None
    return f"rows have {x.shape[-1]:,} values"


constraints = (
    quantized.kinds_among("float32", "int8"),
    quantized.quantized_per_tensor,
    output_is_128th,
    squares_fit,
)
