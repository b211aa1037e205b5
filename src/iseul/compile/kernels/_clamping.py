# SPDX-License-Identifier: Apache-2.0
"""What the cards of ReLU and ReLU6 share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._quantized import same_quantization

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.numerics.affine import Activation


def cost_clamp(attrs: Any, io: Io) -> int:
    """8 per value."""
    return 8 * io.outputs[0].n_elements


def cost_requantize(attrs: Any, io: Io) -> int:
    """25 per value."""
    return 25 * io.outputs[0].n_elements


def cards(activation: Activation) -> tuple[Card, ...]:
    """Cards of an activation that stands alone."""

    def emit_clamp(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, **fields.clamp_s8(io, activation)}

    def emit_requantize(attrs: Any, io: Io) -> Fields:
        return fields.rescale_s8(io, activation)

    def emit_f32(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, **fields.clamp_f32(activation)}

    int8, real = kinds("int8"), kinds("float32")
    return (
        # equal quantization: the multiplier is exactly 1, so that only the clamp is left
        Card(
            "iseul_clamp_s8",
            "iseul_clamp_s8_t",
            (int8, same_quantization),
            cost_clamp,
            emit_clamp,
        ),
        lookup(activation),
        Card(
            "iseul_requantize_s8",
            "iseul_requantize_s8_t",
            (int8,),
            cost_requantize,
            emit_requantize,
        ),
        Card("iseul_clamp_f32", "iseul_clamp_f32_t", (real,), cost_clamp, emit_f32),
    )
