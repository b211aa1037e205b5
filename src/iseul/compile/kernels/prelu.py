# SPDX-License-Identifier: Apache-2.0
"""Kernels of PReLU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.prelu import multipliers

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_prelu_t` behind `shape`."""
    above, below = multipliers(io)
    return {
        "zero_point": zero_point(io.inputs[0]),
        "alpha_zero_point": zero_point(io.inputs[1]),
        "multiplier": above[0],
        "shift": above[1],
        "below_multiplier": below[0],
        "below_shift": below[1],
        "out_zero_point": zero_point(io.outputs[0]),
    }


CARDS = (
    binary.lookup("prelu"),
    binary.card("iseul_prelu_s8", "iseul_prelu_t", ("int8",), 34, emit),
    binary.card("iseul_prelu_s16", "iseul_prelu_t", ("int16", "int8", "int16"), 35, emit),
    binary.card("iseul_prelu_f32", "iseul_pair_t", ("float32",), 13, binary.no_fields),
)
