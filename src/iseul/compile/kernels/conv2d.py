# SPDX-License-Identifier: Apache-2.0
"""Kernels of 2-D convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _blocks_dsp as blocks
from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels import _factor_dsp as factor_dsp
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _mul32 as mul32
from iseul.compile.kernels import _mve as mve
from iseul.compile.kernels import _nibbles_dsp as nibbles
from iseul.compile.kernels import _simd128 as simd128
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._overlap import by_position
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.conv2d import macs

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.conv2d import Attrs


def cost_s8(attrs: Attrs, io: Io) -> int:
    """3 per MAC, 48 per output, 10 per run of taps: a row, or a tap where columns are dilated."""
    rows = io.inputs[1].shape[1] * (1 if attrs.dilation[1] == 1 else io.inputs[1].shape[2])
    return 3 * macs(attrs, io) + io.outputs[0].n_elements * (48 + 10 * rows)


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_conv_s8_t`."""
    weights = io.inputs[1]
    n = weights.shape[0]
    return {
        "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
        "weights": fields.data_of(weights),
        "bias": fields.bias(io, n),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, n),
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """8 per MAC, 7 per run of taps, 60 per output."""
    made = grouped.of_conv2d(attrs, io)
    return 8 * made.n_macs + 7 * made.n_runs + 60 * made.n_outputs


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_conv_f32_t`."""
    weights = io.inputs[1]
    return {
        "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
        "groups": fields.groups(io),
        "weights": fields.data_of(weights),
        "bias": fields.bias(io, weights.shape[0]),
        **fields.clamp_f32(attrs.activation),
    }


def one_group(attrs: Attrs, io: Io) -> str | None:
    """all output channels read all input channels"""
    n = io.inputs[0].shape[3] // io.inputs[1].shape[3]
    return f"{n} groups of channels" if n > 1 else None


CARDS = (
    *mve.convolution(grouped.of_conv2d),
    simd128.of_conv2d(),
    *blocks.of_conv2d(),
    *dsp.convolution(grouped.of_conv2d),
    *nibbles.of_one_position(),
    *nibbles.convolution(grouped.of_conv2d),
    *mul32.convolution(grouped.of_conv2d, by_position),
    Card(
        "iseul_conv2d_s8",
        "iseul_conv_s8_t",
        (*grouped.INT8, one_group, grouped.centred),
        cost_s8,
        emit_s8,
        overlap=by_position,
        costs=grouped.linear_costs(macs, m0plus=(5.3, 152), riscv=(5.0, 72)),
    ),
    *grouped.cards(grouped.of_conv2d, by_position),
    *factor_dsp.convolution(grouped.of_conv2d),
    factor.convolution(grouped.of_conv2d, by_position),
    Card(
        "iseul_conv2d_f32",
        "iseul_conv_f32_t",
        grouped.FLOATS,
        cost_f32,
        emit_f32,
        overlap=by_position,
    ),
)
