# SPDX-License-Identifier: Apache-2.0
"""Kernels of quotients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _binary as binary
from iseul.compile.kernels import _fields as fields
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.div import multiplier, reciprocals

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_div_s8_t` behind `shape`: with the oracle's own reciprocals."""
    factor, shift = multiplier(io)
    return {
        "a_zero_point": zero_point(io.inputs[0]),
        "b_zero_point": zero_point(io.inputs[1]),
        "reciprocals": reciprocals(np.arange(256)).astype(np.int32),
        "multiplier": factor,
        "shift": shift,
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, binary.activation_of(attrs)),
    }


REMEDY = "divide int8, int32 or float32 numbers, or multiply by the reciprocal"

CARDS = (
    binary.lookup("div"),
    binary.card("iseul_div_s8", "iseul_div_s8_t", ("int8",), 118, emit),
    binary.card("iseul_div_s32", "iseul_plain_t", ("int32",), 20, binary.plain_clamp),
    binary.card("iseul_div_f32", "iseul_real_pair_t", ("float32",), 19, binary.real_clamp),
)
