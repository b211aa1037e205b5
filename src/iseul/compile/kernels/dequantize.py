# SPDX-License-Identifier: Apache-2.0
"""Kernels of dequantize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._quantized import quant_of, zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def cost(attrs: Any, io: Io) -> int:
    """9 per value."""
    return 9 * io.outputs[0].n_elements


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_affine_t` of the input."""
    x = io.inputs[0]
    return {
        "n": x.n_elements,
        "scale": float(quant_of(x).scale[0]),
        "zero_point": zero_point(x),
    }


CARDS = (
    Card("iseul_dequantize_s8", "iseul_affine_t", (kinds("int8", "float32"),), cost, emit),
    Card("iseul_dequantize_u8", "iseul_affine_t", (kinds("uint8", "float32"),), cost, emit),
    Card("iseul_dequantize_s16", "iseul_affine_t", (kinds("int16", "float32"),), cost, emit),
)
