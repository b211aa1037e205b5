# SPDX-License-Identifier: Apache-2.0
"""What ops that reduce axes to one value share: attributes, shape rule, integer sums.

int8, int16: sums of q - zero_point, scaled to the output; a mean's factor 1 / n is part of the
multiplier, whose division is rounded down (TensorFlow Lite Micro: reference/reduce.h,
QuantizedMeanOrSum).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    axes: tuple[Annotated[int, Field(ge=-64, lt=64)], ...] = Field(
        default=(), description="reduced axes, negative ones count from the end; none: no axis"
    )
    keep_dims: bool = Field(default=True, description="reduced axes stay, with size 1")


def axes_of(attrs: Attrs, rank: int) -> tuple[int, ...]:
    """The reduced axes, each once, counted from the front. Raises ShapeError."""
    for axis in attrs.axes:
        if not -rank <= axis < rank:
            raise ShapeError(f"axis {axis} of a value with {rank} axes")
    return tuple(sorted({axis % rank for axis in attrs.axes}))


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with reduced axes 1 or left out. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    axes = axes_of(attrs, len(x))
    if any(n < 1 for n in x):
        raise ShapeError(f"input {x} must have no empty axis")
    if attrs.keep_dims:
        return (tuple(1 if i in axes else n for i, n in enumerate(x)),)
    return (tuple(n for i, n in enumerate(x) if i not in axes),)


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Samples may be stacked unless axis 0 is reduced."""
    return 0 not in axes_of(attrs, len(io.inputs[0].shape))


def count(attrs: Attrs, io: Io) -> int:
    """Values that one output is made of."""
    x = io.inputs[0].shape
    return int(np.prod([x[i] for i in axes_of(attrs, len(x))], dtype=np.int64))


def run_float_mean_or_sum(attrs: Attrs, x: Array, divisor: float) -> Array:
    """Float sum over a divisor."""
    axes = axes_of(attrs, x.ndim)
    total = x.sum(axis=axes, dtype=np.float32, keepdims=attrs.keep_dims)
    return np.asarray(total / np.float32(divisor), np.float32)


def sum_torch(attrs: Attrs, x: Any) -> Any:
    """Sum of a torch tensor over the axes."""
    axes = axes_of(attrs, x.ndim)
    return x.sum(dim=axes, keepdim=attrs.keep_dims) if axes else x


def multiplier(attrs: Attrs, io: Io, is_mean: bool) -> tuple[int, int]:
    """(multiplier, shift) of a sum of q - zero_point; a mean's 1 / n is in it."""
    s_in, s_out = (quantized.quant_of(v).scale[0] for v in (io.inputs[0], io.outputs[0]))
    factor, shift = quantize_multiplier(float(np.float64(s_in) / np.float64(s_out)))
    if is_mean:
        n = count(attrs, io)
        step = min(n.bit_length() - 1, 32, 31 + shift)
        factor, shift = (factor << step) // n, shift - step
    return factor, shift


def integers(attrs: Attrs, total: Any, io: Io, is_mean: bool) -> Any:
    """Sums of q as int64 arrays or tensors to the output's integers."""
    centred = total - quantized.zero_point(io.inputs[0]) * count(attrs, io)
    q = requantize(centred, *multiplier(attrs, io, is_mean))
    return quantized.clamp_integers(q + quantized.zero_point(io.outputs[0]), io)


def quantized_if_narrow(attrs: Any, io: Io) -> str | None:
    """int8 and int16 activations have one scale and one zero point"""
    if io.dtype not in ("int8", "int16"):
        return None
    return quantized.quantized_per_tensor(attrs, io)


def sum_rule(is_mean: bool) -> quantized.Rule:
    """The rule that 32 bits hold every sum, also after the left shift of requantization."""

    def rule(attrs: Attrs, io: Io) -> str | None:
        sides = (io.inputs[0], io.outputs[0])
        if any(value.quant is None or value.quant.per_channel for value in sides):
            return None  # floats, or another rule says so
        n, (_, shift) = count(attrs, io), multiplier(attrs, io, is_mean)
        if quantized.reach(io.inputs[0]) * n * 2 ** max(shift, 0) < 2**31:
            return None
        return f"sums of {n:,} values are shifted left by {max(shift, 0)}"

    rule.__name__ = f"sum_rule_{is_mean}"
    rule.__doc__ = "sums fit into 32 bits, also after the left shift of requantization"
    return rule
