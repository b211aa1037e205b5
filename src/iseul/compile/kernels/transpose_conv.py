# SPDX-License-Identifier: Apache-2.0
"""Kernels of transposed convolution."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._quantized import quant_of, zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.transpose_conv import Attrs


def _spread(attrs: Attrs, io: Io) -> dict[str, int]:
    """`iseul_spread_t`."""
    batch, in_h, in_w, in_c = io.inputs[0].shape
    _, out_h, out_w, out_c = io.outputs[0].shape
    steps = [gcd(s, d) for s, d in zip(attrs.stride, attrs.dilation, strict=True)]
    return {
        "batch": batch,
        "in_h": in_h,
        "in_w": in_w,
        "in_c": in_c,
        "out_h": out_h,
        "out_w": out_w,
        "out_c": out_c,
        "kernel_h": io.inputs[1].shape[1],
        "kernel_w": io.inputs[1].shape[2],
        "stride_h": attrs.stride[0],
        "stride_w": attrs.stride[1],
        "dilation_h": attrs.dilation[0],
        "dilation_w": attrs.dilation[1],
        "cut_top": attrs.cut[0],
        "cut_left": attrs.cut[1],
        "tap_step_h": attrs.stride[0] // steps[0],
        "tap_step_w": attrs.stride[1] // steps[1],
        "in_step_h": attrs.dilation[0] // steps[0],
        "in_step_w": attrs.dilation[1] // steps[1],
        **fields.groups(io),
    }


def cost(attrs: Attrs, io: Io) -> int:
    """10 per MAC, 24 per tap that leads back to an input, 120 per output."""
    _, kernel_h, kernel_w, depth = io.inputs[1].shape
    share = attrs.stride[0] * attrs.stride[1]
    taps = -(-io.outputs[0].n_elements * kernel_h * kernel_w // share)
    return taps * (10 * depth + 24) + 120 * io.outputs[0].n_elements


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_transpose_conv_s8_t`."""
    n = io.inputs[1].shape[0]
    return {
        "spread": _spread(attrs, io),
        "weights": fields.data_of(io.inputs[1]),
        "weights_zero_point": np.array(quant_of(io.inputs[1]).zero_point, np.int8),
        "bias": fields.bias(io, n),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, n),
    }


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_transpose_conv_s16_t`."""
    n = io.inputs[1].shape[0]
    return {
        "spread": _spread(attrs, io),
        "weights": fields.data_of(io.inputs[1]),
        "bias": fields.bias_s16(io, n),
        "output": fields.output_s16(io, attrs.activation, n),
    }


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_transpose_conv_f32_t`."""
    return {
        "spread": _spread(attrs, io),
        "weights": fields.data_of(io.inputs[1]),
        "bias": fields.bias(io, io.inputs[1].shape[0]),
        **fields.clamp_f32(attrs.activation),
    }


CARDS = (
    Card("iseul_transpose_conv_s8", "iseul_transpose_conv_s8_t", grouped.INT8, cost, emit_s8),
    Card(
        "iseul_transpose_conv_s16", "iseul_transpose_conv_s16_t", (kinds("int16"),), cost, emit_s16
    ),
    Card(
        "iseul_transpose_conv_f32",
        "iseul_transpose_conv_f32_t",
        grouped.FLOATS,
        cost,
        emit_f32,
    ),
)
