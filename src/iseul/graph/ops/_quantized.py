# SPDX-License-Identifier: Apache-2.0
"""What integer ops share: multipliers, the way from accumulator to output, common rules.

Number kinds of a weighted op (convolution, fully connected): activations int8 with zero
point, weights int8 symmetric per channel or per tensor, bias int32 with scale s_in * s_w.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.numerics.affine import Activation, activation_range, real_range
from iseul.numerics.requantize import quantize_multipliers, requantize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.graph.ir import Io, Value
    from iseul.numerics import Array
    from iseul.numerics.affine import Quantization


def quant_of(value: Value) -> Quantization:
    """The quantization of an integer value that must have one (verify has checked it)."""
    assert value.quant is not None, f"{value.name} has no quantization"
    return value.quant


def zero_point(value: Value) -> int:
    """Zero point of a per-tensor quantized value; 0 for floats."""
    return value.quant.zero_point[0] if value.quant is not None else 0


def output_multipliers(io: Io, n_channels: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(multiplier, shift) per output channel of s_in * s_w / s_out, computed in double."""
    s_in, s_out = quant_of(io.inputs[0]).scale[0], quant_of(io.outputs[0]).scale[0]
    s_w = np.array(quant_of(io.inputs[1]).scale, np.float64)
    real = np.float64(s_in) * s_w / np.float64(s_out)
    multipliers, shifts = quantize_multipliers(real)
    return np.broadcast_to(multipliers, n_channels), np.broadcast_to(shifts, n_channels)


def finish(accumulator: NDArray[np.int64], io: Io, activation: Activation) -> Array:
    """int32 accumulator (..., C_out) to output integers: requantize, zero point, clamp."""
    multiplier, shift = output_multipliers(io, accumulator.shape[-1])
    low, high = activation_range(activation, quant_of(io.outputs[0]), io.dtype)
    q = requantize(accumulator, multiplier, shift) + zero_point(io.outputs[0])
    return np.clip(q, low, high).astype(io.dtype)


def finish_torch(accumulator: Any, io: Io, activation: Activation) -> Any:
    """`finish` on a torch int64 tensor (..., C_out)."""
    import torch

    multiplier, shift = output_multipliers(io, accumulator.shape[-1])
    low, high = activation_range(activation, quant_of(io.outputs[0]), io.dtype)
    q = requantize(accumulator, torch.tensor(multiplier), torch.tensor(shift))
    return (q + zero_point(io.outputs[0])).clamp(low, high)


def clamp_real(y: NDArray[np.floating], activation: Activation) -> NDArray[np.floating]:
    """Fused activation on reals."""
    low, high = real_range(activation)
    return y if activation == "none" else np.clip(y, low, high)


def clamp_torch(y: Any, activation: Activation) -> Any:
    """Fused activation on a torch float tensor."""
    low, high = real_range(activation)
    return y if activation == "none" else y.clamp(low, None if np.isinf(high) else high)


# --- rules; the docstring is printed when one is broken and becomes the support table


def _of(value: Value) -> str:
    return f'"{value.name}" is {value.dtype}'


def kinds_float_or_int8(attrs: Any, io: Io) -> str | None:
    """activations are all float32 or all int8"""
    values = [v for v in (*io.inputs, *io.outputs) if not v.is_constant]
    if len({v.dtype for v in values}) == 1 and values[0].dtype in ("float32", "int8"):
        return None
    return ", ".join(_of(v) for v in values)


def quantized_per_tensor(attrs: Any, io: Io) -> str | None:
    """integer activations have one scale and one zero point"""
    for value in (*io.inputs, *io.outputs):
        if value.is_constant or value.is_float:
            continue
        if value.quant is None:
            return f'"{value.name}" is {value.dtype} without quantization'
        if value.quant.per_channel:
            return f'"{value.name}" has {len(value.quant.scale)} scales'
    return None


def weights_are_constant(attrs: Any, io: Io) -> str | None:
    """weights and bias are constants"""
    loose = [v.name for v in io.inputs[1:] if not v.is_constant]
    return f"computed at run time: {', '.join(loose)}" if loose else None


def weights_symmetric_int8(attrs: Any, io: Io) -> str | None:
    """int8 activations go with int8 weights of zero point 0, per tensor or per output channel"""
    weights = io.inputs[1]
    if io.outputs[0].is_float:
        return None if weights.is_float else _of(weights)
    if weights.dtype != "int8" or weights.quant is None:
        return _of(weights)
    if any(weights.quant.zero_point):
        return f'"{weights.name}" has a zero point other than 0'
    return None


def bias_fits(attrs: Any, io: Io) -> str | None:
    """bias is float32 for float weights, int32 with scale s_in * s_w for int8 weights"""
    if len(io.inputs) < 3:
        return None
    bias, want = io.inputs[2], "float32" if io.outputs[0].is_float else "int32"
    return None if bias.dtype == want else f"{_of(bias)}, must be {want}"


def same_quantization(attrs: Any, io: Io) -> str | None:
    """input and output have the same scale and zero point"""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float or first.quant == last.quant:
        return None
    return f'"{first.name}" has {first.quant}, "{last.name}" has {last.quant}'
