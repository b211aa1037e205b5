# SPDX-License-Identifier: Apache-2.0
"""A fully connected layer of low rank over time (SVDF): each filter remembers its last M inputs.

    memory of filter f: shifted by one, the newest is W_feature[f] . x
    y[u] = sum over the `rank` filters f of unit u of W_time[f] . memory[f], plus bias

Alvarez, Park, Fernandez de Castro: Compressing deep neural networks using a rank-constrained
topology, Interspeech 2015.

int8:   the newest is requantized to the state, which is int8 with a zero point or int16; the sum
        over filters, of 32 bits that wrap around, is requantized to the output (TensorFlow Lite
        Micro: kernels/svdf_common.cc)
Inputs: x (B, I), state (B, F M), W_feature (F, I), W_time (F, M), bias (U) optional; F = U rank.
Outputs: y (B, U), next state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import Size, expect_inputs
from iseul.numerics.affine import INTEGER_RANGE, Activation
from iseul.numerics.requantize import quantize_multiplier, requantize, wrap_int32

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
X, STATE, FEATURE, TIME, BIAS = range(5)


class Attrs(Config):
    rank: Size = Field(default=1, description="filters per output unit; >= 1")
    activation: Activation = Field(default="none", description="clamp fused into the output")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """y and the next state. Raises ShapeError."""
    expect_inputs(inputs, 4, 5)
    x, state, feature, time = (value.shape for value in inputs[:4])
    if len(x) != 2 or len(feature) != 2 or len(time) != 2 or min(*x, *feature, *time) < 1:
        raise ShapeError(f"input {x} and weights {feature}, {time} must have 2 axes")
    if feature[1] != x[1] or time[0] != feature[0]:
        raise ShapeError(f"input {x} and weights {feature}, {time} do not fit")
    if feature[0] % attrs.rank:
        raise ShapeError(f"{feature[0]} filters are no multiple of rank {attrs.rank}")
    if state != (x[0], time[0] * time[1]):
        raise ShapeError(f"state {state}, must be ({x[0]}, {time[0] * time[1]})")
    units = feature[0] // attrs.rank
    if len(inputs) > BIAS and inputs[BIAS].shape != (units,):
        raise ShapeError(f"bias has shape {inputs[BIAS].shape}, must be ({units},)")
    return (x[0], units), state


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        y, state = _remember(attrs, inputs, io, lambda newest: newest, np.concatenate)
        return [quantized.clamp_real(y, attrs.activation), state]
    whole = [x.astype(np.int64) for x in inputs]
    return _integers(attrs, whole, io, np.concatenate)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        y, state = _remember(attrs, inputs, io, lambda newest: newest, torch.cat)
        return [quantized.clamp_torch(y, attrs.activation), state]
    return _integers(attrs, inputs, io, torch.cat)


def _remember(
    attrs: Attrs,
    inputs: Sequence[Any],
    io: Io,
    narrow: Callable[[Any], Any],
    join: Callable[[list[Any], int], Any],
) -> tuple[Any, Any]:
    """(sums with bias (B, U), next state (B, F M)); x and state come without their zero points.

    narrow: the newest of each filter as the state holds it
    """
    x, state, feature, time = inputs[:4]
    n_filters, n_memory = io.inputs[TIME].shape
    memory = state.reshape(-1, n_filters, n_memory)
    newest = narrow(x @ feature.T).reshape(-1, n_filters, 1)
    memory = join([memory[:, :, 1:], newest], 2)
    filtered = (memory * time).sum(2)
    y = filtered.reshape(-1, n_filters // attrs.rank, attrs.rank).sum(2)
    if len(inputs) > BIAS:
        y = y + inputs[BIAS]
    return y, memory.reshape(-1, n_filters * n_memory)


def scales(io: Io) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier, shift) of W_feature . x to the state, and of sums to the output; in float32."""
    s_x, s_state, s_feature, s_time = (
        np.float32(quantized.quant_of(value).scale[0]) for value in io.inputs[:4]
    )
    s_y = np.float32(quantized.quant_of(io.outputs[0]).scale[0])
    first, last = s_x * s_feature / s_state, s_state * s_time / s_y
    return quantize_multiplier(float(first)), quantize_multiplier(float(last))


def _integers(
    attrs: Attrs, inputs: Sequence[Any], io: Io, join: Callable[[list[Any], int], Any]
) -> list[Any]:
    """int64 arrays or tensors."""
    state = io.inputs[STATE]
    first, last = scales(io)
    zero = quantized.zero_point(state)
    low, high = INTEGER_RANGE[state.dtype]

    def narrow(newest: Any) -> Any:
        # the reference adds the zero point to what is clamped already, so the sum wraps around
        q = requantize(newest, *first).clip(low, high) + zero
        return (q - low) % (high - low + 1) + low - zero

    x = inputs[X] - quantized.zero_point(io.inputs[X])
    y, memory = _remember(attrs, [x, inputs[STATE] - zero, *inputs[2:]], io, narrow, join)
    # sums of int16 products are held in 32 bits, which wrap around
    multiplier, shift = last
    left = max(0, shift)
    y = wrap_int32(wrap_int32(y) * (1 << left))
    q = requantize(y, multiplier, shift - left) + quantized.zero_point(io.outputs[0])
    return [quantized.clamp_integers(q, io, attrs.activation), memory + zero]


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates of both products."""
    feature, time = io.inputs[FEATURE], io.inputs[TIME]
    return io.inputs[X].shape[0] * (feature.n_elements + time.n_elements)


# --- rules


def kinds_of_svdf(attrs: Attrs, io: Io) -> str | None:
    """all float32; or x, y, W_feature int8, state and W_time both int8 or int16, bias int32"""
    state = io.inputs[STATE].dtype
    wanted = {
        "float32": ("float32",) * 6,
        "int8": ("int8", state if state in ("int8", "int16") else "int8", "int8", state, "int32"),
    }.get(io.inputs[X].dtype)
    if wanted is None:
        return f'"{io.inputs[X].name}" is {io.inputs[X].dtype}'
    values = [*zip(io.inputs, wanted, strict=False)]
    values += [*zip(io.outputs, wanted, strict=False)]
    for value, dtype in values:
        if value.dtype != dtype:
            return f'"{value.name}" is {value.dtype}, must be {dtype}'
    return None


def weights_and_bias_are_constant(attrs: Attrs, io: Io) -> str | None:
    """weights and bias are constants"""
    loose = [v.name for v in io.inputs[FEATURE:] if not v.is_constant]
    return f"computed at run time: {', '.join(loose)}" if loose else None


def weights_are_symmetric(attrs: Attrs, io: Io) -> str | None:
    """integer weights have one scale each and zero point 0"""
    for value in io.inputs[FEATURE:BIAS]:
        if value.is_float:
            continue
        if value.quant is None or value.quant.per_channel or value.quant.zero_point[0]:
            return f'"{value.name}" has quantization {value.quant}'
    return None


def bias_has_its_scale(attrs: Attrs, io: Io) -> str | None:
    """an integer bias has the scale s_state * s_time and zero point 0"""
    state, time = io.inputs[STATE].quant, io.inputs[TIME].quant
    if len(io.inputs) <= BIAS or io.inputs[BIAS].is_float or state is None or time is None:
        return None
    quant = io.inputs[BIAS].quant
    if quant is None or quant.per_channel or quant.zero_point[0]:
        return f'"{io.inputs[BIAS].name}" has quantization {quant}'
    # TensorFlow Lite Micro allows as much
    if abs(quant.scale[0] - state.scale[0] * time.scale[0]) < 1e-5:
        return None
    return f'"{io.inputs[BIAS].name}" has scale {quant.scale[0]:g}'


def state_keeps_its_quantization(attrs: Attrs, io: Io) -> str | None:
    """the next state has the quantization of the state; of int16 the zero point is 0"""
    before, after = io.inputs[STATE], io.outputs[1]
    if before.quant != after.quant:
        return f'"{before.name}" has {before.quant}, "{after.name}" has {after.quant}'
    if before.dtype == "int16" and before.quant is not None and before.quant.zero_point[0]:
        return f'"{before.name}" has zero point {before.quant.zero_point[0]}'
    return None


def sums_fit(attrs: Attrs, io: Io) -> str | None:
    """W_feature . x fits into 32 bits, also shifted left"""
    rules = (kinds_of_svdf, quantized.quantized_per_tensor, weights_are_symmetric)
    if io.inputs[X].is_float or any(rule(attrs, io) for rule in rules):
        return None
    feature = io.inputs[FEATURE].data
    if feature is None or io.inputs[STATE].quant is None:
        return None
    left = max(0, scales(io)[0][1])
    bound = quantized.reach(io.inputs[X]) * int(np.abs(feature.astype(np.int64)).sum(1).max())
    return f"it reaches {bound:,} << {left}" if bound * 2**left >= 2**31 else None


constraints = (
    kinds_of_svdf,
    weights_and_bias_are_constant,
    quantized.quantized_per_tensor,
    weights_are_symmetric,
    bias_has_its_scale,
    state_keeps_its_quantization,
    sums_fit,
)
