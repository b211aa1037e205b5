# SPDX-License-Identifier: Apache-2.0
"""Kernels of depthwise 2-D convolution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _blocks_dsp as blocks
from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels import _factor_dsp as factor_dsp
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _mve as mve
from iseul.compile.kernels import _nibbles_dsp as nibbles
from iseul.compile.kernels import _pairs as pairs
from iseul.compile.kernels import _simd128 as simd128
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._overlap import by_position
from iseul.graph.ops._quantized import quant_of, zero_point
from iseul.graph.ops.depthwise_conv2d import macs

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.depthwise_conv2d import Attrs


def cost_s8(attrs: Attrs, io: Io) -> int:
    """6 per MAC, 47 per output; 9 and 90 with a depth multiplier."""
    is_plain = io.outputs[0].shape[3] == io.inputs[0].shape[3]
    per_mac, per_output = (6, 47) if is_plain else (9, 90)
    return per_mac * macs(attrs, io) + per_output * io.outputs[0].n_elements


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_conv_s8_t`."""
    weights = io.inputs[1]
    n = weights.shape[3]
    return {
        "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
        "weights": fields.data_of(weights),
        "bias": fields.bias(io, n),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, n),
    }


def cost_offset_s8(attrs: Attrs, io: Io) -> int:
    """8 per MAC, 65 per output; 11 and 95 with a depth multiplier."""
    is_plain = io.outputs[0].shape[3] == io.inputs[0].shape[3]
    per_mac, per_output = (8, 65) if is_plain else (11, 95)
    return per_mac * macs(attrs, io) + per_output * io.outputs[0].n_elements


def emit_offset_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_grouped_conv_s8_t`."""
    weights = io.inputs[1]
    n = weights.shape[3]
    return {
        "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
        "groups": {"group_in": 1, "group_out": n // io.inputs[0].shape[3]},
        "weights": fields.data_of(weights),
        "weights_zero_point": np.array(quant_of(weights).zero_point, np.int8),
        "bias": fields.bias(io, n),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, n),
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """11 per MAC, 60 per output."""
    return 11 * macs(attrs, io) + 60 * io.outputs[0].n_elements


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_conv_f32_t`."""
    weights = io.inputs[1]
    return {
        "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
        "groups": {"group_in": 1, "group_out": weights.shape[3] // io.inputs[0].shape[3]},
        "weights": fields.data_of(weights),
        "bias": fields.bias(io, weights.shape[3]),
        **fields.clamp_f32(attrs.activation),
    }


CARDS = (
    *mve.depthwise(),
    simd128.depthwise(),
    *blocks.depthwise(),
    *dsp.depthwise(),
    *nibbles.depthwise(),
    *pairs.depthwise(),
    Card(
        "iseul_depthwise_conv2d_s8",
        "iseul_conv_s8_t",
        (*grouped.INT8, grouped.centred),
        cost_s8,
        emit_s8,
        overlap=by_position,
        costs=grouped.linear_costs(macs, m0plus=(10.4, 124), riscv=(5.8, 45)),
    ),
    Card(
        "iseul_offset_depthwise_conv2d_s8",
        "iseul_grouped_conv_s8_t",
        grouped.INT8,
        cost_offset_s8,
        emit_offset_s8,
        overlap=by_position,
        costs=grouped.linear_costs(macs, m0plus=(13, 160), riscv=(8, 65)),
    ),
    *grouped.cards(grouped.of_depthwise_conv2d, by_position),
    *factor_dsp.depthwise(),
    *factor.depthwise(grouped.of_depthwise_conv2d),
    Card(
        "iseul_depthwise_conv2d_f32",
        "iseul_conv_f32_t",
        grouped.FLOATS,
        cost_f32,
        emit_f32,
        overlap=by_position,
    ),
)
