# SPDX-License-Identifier: Apache-2.0
"""What the cards of pools share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _fields as fields

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops._pooling import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """6 per tap, 30 per output."""
    return io.outputs[0].n_elements * (6 * attrs.kernel_size[0] * attrs.kernel_size[1] + 30)


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_pool_t`."""
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
