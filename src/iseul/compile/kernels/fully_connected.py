# SPDX-License-Identifier: Apache-2.0
"""Kernels of fully connected layers."""

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
from iseul.compile.kernels._overlap import row_by_row
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.fully_connected import macs

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.fully_connected import Attrs


def _sizes(io: Io) -> dict[str, int]:
    n_out, n_in = io.inputs[1].shape
    return {"rows": io.outputs[0].n_elements // n_out, "in_size": n_in, "out_size": n_out}


def cost_s8(attrs: Attrs, io: Io) -> int:
    """3 per MAC, 47 per output."""
    return 3 * macs(attrs, io) + 47 * io.outputs[0].n_elements


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_fully_connected_s8_t`."""
    n = io.inputs[1].shape[0]
    return {
        **_sizes(io),
        "weights": fields.data_of(io.inputs[1]),
        "bias": fields.bias(io, n),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, n),
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """6 per MAC, 20 per output."""
    return 6 * macs(attrs, io) + 20 * io.outputs[0].n_elements


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_fully_connected_f32_t`."""
    return {
        **_sizes(io),
        "weights": fields.data_of(io.inputs[1]),
        "bias": fields.bias(io, io.inputs[1].shape[0]),
        **fields.clamp_f32(attrs.activation),
    }


CARDS = (
    *mve.fully_connected(),
    simd128.of_fully_connected(),
    *blocks.of_fully_connected(),
    *dsp.fully_connected(),
    *nibbles.fully_connected(),
    *mul32.convolution(grouped.of_fully_connected, row_by_row),
    Card(
        "iseul_fully_connected_s8",
        "iseul_fully_connected_s8_t",
        (*grouped.INT8, grouped.centred),
        cost_s8,
        emit_s8,
        overlap=row_by_row,
        costs=grouped.linear_costs(macs, m0plus=(5.7, 137), riscv=(5.3, 51)),
    ),
    *grouped.cards(grouped.of_fully_connected, row_by_row),
    *factor_dsp.fully_connected(),
    factor.convolution(grouped.of_fully_connected, row_by_row),
    Card(
        "iseul_fully_connected_f32",
        "iseul_fully_connected_f32_t",
        grouped.FLOATS,
        cost_f32,
        emit_f32,
        overlap=row_by_row,
    ),
)
