# SPDX-License-Identifier: Apache-2.0
"""Addition of two values with numpy's broadcasting and a fused activation.

int8:   both inputs are shifted left by 20 and scaled to twice the larger of their scales, the
        sum is scaled to the output (TensorFlow Lite Micro: integer_ops/add.h, add_common.cc)
Inputs: a, b. Computed values have the same number of axes; a constant may have fewer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.affine import Activation
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    activation: Activation = Field(default="none", description="clamp fused into the output")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The broadcast shape. Raises ShapeError."""
    expect_inputs(inputs, 2)
    a, b = inputs
    try:
        out = np.broadcast_shapes(a.shape, b.shape)
    except ValueError:
        raise ShapeError(f"shapes {a.shape} and {b.shape} do not broadcast") from None
    # samples are stacked along axis 0, so that axis must stand at the same place in both
    if any(not value.is_constant and len(value.shape) != len(out) for value in inputs):
        raise ShapeError(
            f"computed values {a.shape} and {b.shape} must have the same number of axes",
            "reshape the smaller one first",
        )
    return (tuple(out),)


class Multipliers(NamedTuple):
    """Integer constants of an int8 addition; each pair is (multiplier, shift)."""

    left_shift: int
    a: tuple[int, int]
    b: tuple[int, int]
    out: tuple[int, int]


def multipliers(io: Io) -> Multipliers:
    """The constants that TensorFlow Lite Micro computes in double at preparation."""
    s_a, s_b = (np.float64(quantized.quant_of(value).scale[0]) for value in io.inputs)
    s_out = np.float64(quantized.quant_of(io.outputs[0]).scale[0])
    left_shift = 15 if io.dtype == "int16" else 20
    twice_max = 2 * max(s_a, s_b)
    return Multipliers(
        left_shift,
        quantize_multiplier(float(s_a / twice_max)),
        quantize_multiplier(float(s_b / twice_max)),
        quantize_multiplier(float(twice_max / (2.0**left_shift * s_out))),
    )


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        return [quantized.clamp_real(inputs[0] + inputs[1], attrs.activation)]
    return [_integers(attrs, [x.astype(np.int64) for x in inputs], io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return [quantized.clamp_torch(inputs[0] + inputs[1], attrs.activation)]
    return [_integers(attrs, inputs, io)]


def _integers(attrs: Attrs, inputs: Sequence[Any], io: Io) -> Any:
    """int64 arrays or tensors of q to those of the output."""
    m = multipliers(io)
    scaled = [
        requantize((x - quantized.zero_point(value)) << m.left_shift, *pair)
        for x, value, pair in zip(inputs, io.inputs, (m.a, m.b), strict=True)
    ]
    q = requantize(scaled[0] + scaled[1], *m.out) + quantized.zero_point(io.outputs[0])
    return quantized.clamp_integers(q, io, attrs.activation)


def output_scale_large_enough(attrs: Attrs, io: Io) -> str | None:
    """the output's scale is more than 2^-19 of the larger input scale (multiplier below 1)"""
    if io.outputs[0].is_float or any(v.quant is None for v in (*io.inputs, *io.outputs)):
        return None
    m = multipliers(io)
    if m.out[0] > 0 and m.out[1] <= 0:
        return None
    return f"scales are {[quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs)]}"


constraints = (
    quantized.kinds_float_or_int8,
    quantized.quantized_per_tensor,
    quantized.constants_like_activations,
    output_scale_large_enough,
)
