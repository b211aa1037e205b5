# SPDX-License-Identifier: Apache-2.0
"""Kernels of sums of several values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._binary import operands
from iseul.compile.kernels._card import Card, every_input
from iseul.compile.kernels._overlap import value_by_value
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.add_n import LEFT_SHIFT, multipliers
from iseul.numerics.requantize import requantize

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def cost_s8(attrs: Any, io: Io) -> int:
    """54 per value, 15 per value and input."""
    return (54 + 15 * len(io.inputs)) * io.outputs[0].n_elements


def emit_s8(attrs: Any, io: Io) -> Fields:
    """`iseul_add_n_s8_t`."""
    half, last = multipliers(io)
    zero = zero_point(io.inputs[0])
    return {
        "n": io.outputs[0].n_elements,
        "n_inputs": len(io.inputs),
        "in_zero_point": zero,
        "start": int(requantize(-zero << LEFT_SHIFT, *half)),
        "in_multiplier": half[0],
        "in_shift": half[1],
        "multiplier": last[0],
        "shift": last[1],
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, "none"),
    }


def cost_f32(attrs: Any, io: Io) -> int:
    """9 per value, 6 per value and input."""
    return (9 + 6 * len(io.inputs)) * io.outputs[0].n_elements


def emit_f32(attrs: Any, io: Io) -> Fields:
    """`iseul_add_n_f32_t`."""
    return {"n": io.outputs[0].n_elements, "n_inputs": len(io.inputs)}


CARDS = (
    Card(
        "iseul_add_n_s8",
        "iseul_add_n_s8_t",
        (operands("int8"),),
        cost_s8,
        emit_s8,
        inputs=every_input,
        arrays="in",
        overlap=value_by_value,
    ),
    Card(
        "iseul_add_n_f32",
        "iseul_add_n_f32_t",
        (operands("float32"),),
        cost_f32,
        emit_f32,
        inputs=every_input,
        arrays="in",
        overlap=value_by_value,
    ),
)
