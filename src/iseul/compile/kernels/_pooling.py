# SPDX-License-Identifier: Apache-2.0
"""What the cards of pools share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops._pooling import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """6 per tap, 30 per output."""
    return io.outputs[0].n_elements * (6 * attrs.kernel_size[0] * attrs.kernel_size[1] + 30)


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_pool_s8_t`."""
    return {
        "window": fields.window(attrs, io, attrs.kernel_size),
        **fields.clamp_s8(io, attrs.activation),
    }


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_pool_f32_t`."""
    return {
        "window": fields.window(attrs, io, attrs.kernel_size),
        **fields.clamp_f32(attrs.activation),
    }


def cards(stem: str) -> tuple[Card, ...]:
    """The cards of `<stem>_s8` and `<stem>_f32`."""
    return (
        Card(f"{stem}_s8", "iseul_pool_s8_t", (kinds("int8"),), cost, emit_s8),
        Card(f"{stem}_f32", "iseul_pool_f32_t", (kinds("float32"),), cost, emit_f32),
    )
