# SPDX-License-Identifier: Apache-2.0
"""Kernels of cumulative sums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._along import axes
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.cumsum import axis_of, multiplier

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.cumsum import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_cumsum_t`."""
    return {
        **axes(io, axis_of(attrs, len(io.inputs[0].shape))),
        "is_exclusive": int(attrs.exclusive),
        "is_reverse": int(attrs.reverse),
    }


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_cumsum_s8_t`."""
    factor, shift = multiplier(io)
    return {
        "axis": dict(emit(attrs, io)),
        "in_zero_point": zero_point(io.inputs[0]),
        "multiplier": factor,
        "shift": shift,
        "zero_point": zero_point(io.outputs[0]),
    }


def cost(attrs: Attrs, io: Io) -> int:
    """16 per value."""
    return 16 * io.outputs[0].n_elements


def cost_s8(attrs: Attrs, io: Io) -> int:
    """37 per value."""
    return 37 * io.outputs[0].n_elements


CARDS = (
    Card("iseul_cumsum_s8", "iseul_cumsum_s8_t", (kinds("int8"),), cost_s8, emit_s8),
    Card("iseul_cumsum_s32", "iseul_cumsum_t", (kinds("int32"),), cost, emit),
    Card("iseul_cumsum_f32", "iseul_cumsum_t", (kinds("float32"),), cost, emit),
)
