# SPDX-License-Identifier: Apache-2.0
"""Fields that parameter structs share: windows, clamps, weights and what comes after the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import activation_range, real_range
from iseul.numerics.requantize import quantize_multiplier, reduce_multiplier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.kernels._card import Field
    from iseul.graph.ir import Io, Value
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation


# the fields of `iseul_window_t`, in its order
WINDOW = (
    *("batch", "in_h", "in_w", "in_c", "out_h", "out_w", "out_c", "kernel_h", "kernel_w"),
    *("stride_h", "stride_w", "dilation_h", "dilation_w", "pad_top", "pad_left"),
)


def window(attrs: Any, io: Io, kernel: tuple[int, int]) -> dict[str, int]:
    """`iseul_window_t`. attrs: of a convolution, or of a pool (no dilation)."""
    n, in_h, in_w, in_c = io.inputs[0].shape
    _, out_h, out_w, out_c = io.outputs[0].shape
    dilation = getattr(attrs, "dilation", (1, 1))
    return {
        "batch": n,
        "in_h": in_h,
        "in_w": in_w,
        "in_c": in_c,
        "out_h": out_h,
        "out_w": out_w,
        "out_c": out_c,
        "kernel_h": kernel[0],
        "kernel_w": kernel[1],
        "stride_h": attrs.stride[0],
        "stride_w": attrs.stride[1],
        "dilation_h": dilation[0],
        "dilation_w": dilation[1],
        "pad_top": attrs.pads[0],
        "pad_left": attrs.pads[2],
    }


def data_of(value: Value) -> Array:
    """Contents of a value that is a constant (the op's constraints say so)."""
    assert value.data is not None, f"{value.name} is no constant"
    return value.data


def bias(io: Io, n_channels: int) -> Array:
    """The bias, or zeros: kernels always add one."""
    if len(io.inputs) > 2:
        return data_of(io.inputs[2])
    return np.zeros(n_channels, np.float32 if io.outputs[0].is_float else np.int32)


def bias_s16(io: Io, n_channels: int) -> dict[str, Field]:
    """`iseul_bias_s16_t`: two words per channel only if one of them needs both."""
    wide = np.ascontiguousarray(bias(io, n_channels), np.int64)
    if np.array_equal(wide, wide.astype(np.int32)):
        return {"words": wide.astype(np.int32), "step": 1}
    return {"words": wide.astype("<i8").view("<i4").astype(np.int32), "step": 2}


def groups(io: Io) -> dict[str, int]:
    """`iseul_groups_t` of a convolution with weights (O, kH, kW, I)."""
    n = io.inputs[0].shape[3] // io.inputs[1].shape[3]
    return {"group_in": io.inputs[1].shape[3], "group_out": io.inputs[1].shape[0] // n}


def output_s8(io: Io, activation: Activation, n_channels: int) -> dict[str, Field]:
    """`iseul_output_s8_t`: how accumulators become int8. One scale for all is stored once."""
    multiplier, shift = quantized.output_multipliers(io, n_channels)
    is_single = len(quantized.quant_of(io.inputs[1]).scale) == 1
    n = 1 if is_single else n_channels
    return {
        "multiplier": np.ascontiguousarray(multiplier[:n], np.int32),
        "shift": np.ascontiguousarray(shift[:n], np.int8),
        "step": 0 if is_single else 1,
        "zero_point": quantized.zero_point(io.outputs[0]),
        **clamp_s8(io, activation),
    }


def output_s16(io: Io, activation: Activation, n_channels: int) -> dict[str, Field]:
    """`iseul_output_s16_t`: how sums become int16. One scale for all is stored once."""
    multiplier, shift = quantized.output_multipliers(io, n_channels)
    is_wide = quantized.has_wide_sums(io)
    if is_wide:
        multiplier = reduce_multiplier(multiplier)
    is_single = len(quantized.quant_of(io.inputs[1]).scale) == 1
    n = 1 if is_single else n_channels
    return {
        "multiplier": np.ascontiguousarray(multiplier[:n], np.int32),
        "shift": np.ascontiguousarray(shift[:n], np.int8),
        "step": 0 if is_single else 1,
        "is_wide": int(is_wide),
        **clamp_s8(io, activation),
    }


def clamp_s8(io: Io, activation: Activation) -> dict[str, int]:
    """low and high of an int8 or int16 output."""
    low, high = activation_range(activation, quantized.quant_of(io.outputs[0]), io.dtype)
    return {"low": low, "high": high}


def clamp_f32(activation: Activation) -> dict[str, float]:
    """low and high of a float output; infinite where the activation does not clamp."""
    low, high = real_range(activation)
    return {"low": float(low), "high": float(high)}


def scales_within(io: Io, shifts: range) -> str | None:
    """What is wrong with the scales of sums, if a channel's shift is none of these."""
    _, found = quantized.output_multipliers(io, io.outputs[0].shape[-1])
    beyond = [int(shift) for shift in found if shift not in shifts]
    return f"a scale is near 2^{beyond[0]}" if beyond else None


def rescale_s8(io: Io, activation: Activation) -> Mapping[str, Field]:
    """`iseul_requantize_t`: integers of one quantization as those of another."""
    first, last = io.inputs[0], io.outputs[0]
    ratio = np.float64(quantized.quant_of(first).scale[0]) / quantized.quant_of(last).scale[0]
    multiplier, shift = quantize_multiplier(float(ratio))
    return {
        "n": last.n_elements,
        "in_zero_point": quantized.zero_point(first),
        "multiplier": multiplier,
        "shift": shift,
        "zero_point": quantized.zero_point(last),
        **clamp_s8(io, activation),
    }


def four(values: list[int], fill: int) -> tuple[int, ...]:
    """The values of up to four axes, filled up in front."""
    return (fill,) * (4 - len(values)) + tuple(values)
