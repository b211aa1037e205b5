# SPDX-License-Identifier: Apache-2.0
"""What the cards of ReLU and its kin share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._each import each
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._quantized import same_quantization

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Card, Fields
    from iseul.graph.ir import Io
    from iseul.numerics.affine import Activation

REQUANTIZE = 25  # per value


def cards(activation: Activation) -> tuple[Card, ...]:
    """Cards of an activation that stands alone."""

    def emit_clamp(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, **fields.clamp_s8(io, activation)}

    def emit_requantize(attrs: Any, io: Io) -> Fields:
        return fields.rescale_s8(io, activation)

    def emit_f32(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, **fields.clamp_f32(activation)}

    clamp, requantize = "iseul_clamp_t", "iseul_requantize_t"
    return (
        # equal quantization: the multiplier is exactly 1, so that only the clamp is left
        each("iseul_clamp_s8", clamp, ("int8",), 10, emit_clamp, same_quantization),
        lookup(activation),
        each("iseul_requantize_s8", requantize, ("int8",), REQUANTIZE, emit_requantize),
        each("iseul_clamp_s16", clamp, ("int16",), 10, emit_clamp, same_quantization),
        each("iseul_requantize_s16", requantize, ("int16",), REQUANTIZE, emit_requantize),
        each("iseul_clamp_f32", "iseul_clamp_f32_t", ("float32",), 14, emit_f32),
    )
