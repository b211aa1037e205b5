# SPDX-License-Identifier: Apache-2.0
"""Fields that parameter structs share: windows, clamps, weights and what comes after the sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import activation_range, real_range
from iseul.numerics.requantize import quantize_multiplier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.kernels._card import Field
    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation


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


def clamp_s8(io: Io, activation: Activation) -> dict[str, int]:
    """low and high of an int8 output."""
    low, high = activation_range(activation, quantized.quant_of(io.outputs[0]), io.dtype)
    return {"low": low, "high": high}


def clamp_f32(activation: Activation) -> dict[str, float]:
    """low and high of a float output; infinite where the activation does not clamp."""
    low, high = real_range(activation)
    return {"low": float(low), "high": float(high)}


def rescale_s8(io: Io, activation: Activation) -> Mapping[str, Field]:
    """`iseul_requantize_s8_t`: integers of one quantization as those of another."""
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


def collapse(out: Shape, a: Shape, b: Shape) -> tuple[list[int], list[int], list[int]]:
    """Sizes of the fewest axes that describe a broadcast, and both operands' steps along them.

    Neighbouring axes merge where both operands are whole, or where both are repeated alike.
    A step is in elements; 0 repeats the operand.
    """
    sides = []
    for shape in (a, b):
        full = (1,) * (len(out) - len(shape)) + tuple(shape)
        sides.append([size == want for size, want in zip(full, out, strict=True)])
    axes = [(n, p, q) for n, p, q in zip(out, *sides, strict=True) if n > 1]
    merged: list[tuple[int, bool, bool]] = []
    for n, p, q in axes:
        if merged and merged[-1][1:] == (p, q):
            merged[-1] = (merged[-1][0] * n, p, q)
        else:
            merged.append((n, p, q))
    merged = merged or [(1, True, True)]
    sizes = [n for n, _, _ in merged]
    steps = []
    for side in (1, 2):
        step, found = 1, []
        for axis in reversed(merged):
            found.append(step if axis[side] else 0)
            step *= axis[0] if axis[side] else 1
        steps.append(found[::-1])
    return sizes, steps[0], steps[1]


def four(values: list[int], fill: int) -> tuple[int, ...]:
    """The values of up to four axes, filled up in front."""
    return (fill,) * (4 - len(values)) + tuple(values)
