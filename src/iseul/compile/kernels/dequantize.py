# SPDX-License-Identifier: Apache-2.0
"""Kernels of dequantize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._each import each
from iseul.graph.ops._quantized import quant_of, zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_affine_t` of the input."""
    x = io.inputs[0]
    return {
        "n": x.n_elements,
        "scale": float(quant_of(x).scale[0]),
        "zero_point": zero_point(x),
    }


def zero_point_0(attrs: Any, io: Io) -> str | None:
    """an int32 input has zero point 0"""
    zero = zero_point(io.inputs[0])
    return f"its zero point is {zero}" if zero else None


CARDS = (
    each("iseul_dequantize_s8", "iseul_affine_t", ("int8", "float32"), 9, emit),
    each("iseul_dequantize_u8", "iseul_affine_t", ("uint8", "float32"), 9, emit),
    each("iseul_dequantize_s16", "iseul_affine_t", ("int16", "float32"), 9, emit),
    each("iseul_dequantize_s32", "iseul_affine_t", ("int32", "float32"), 9, emit, zero_point_0),
)
