# SPDX-License-Identifier: Apache-2.0
"""Kernels of products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary
from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels import _fields as fields
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.mul import multiplier

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_mul_t` behind `shape`."""
    factor, shift = multiplier(io)
    return {
        "a_zero_point": zero_point(io.inputs[0]),
        "b_zero_point": zero_point(io.inputs[1]),
        "multiplier": factor,
        "shift": shift,
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, binary.activation_of(attrs)),
    }


CARDS = (
    binary.lookup("mul"),
    binary.card("iseul_mul_s8", "iseul_mul_t", ("int8",), 39, emit),
    binary.card("iseul_mul_s16", "iseul_mul_t", ("int16",), 32, emit),
    binary.card("iseul_mul_s32", "iseul_plain_t", ("int32",), 17, binary.plain_clamp),
    binary.card("iseul_mul_f32", "iseul_real_pair_t", ("float32",), 19, binary.real_clamp),
    *factor.multiplication(),
)
