# SPDX-License-Identifier: Apache-2.0
"""Kernels of frames cut from a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.framer import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """14 per value."""
    return 14 * (io.outputs[0].n_elements + io.outputs[2].n_elements)


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_framer_t`."""
    size, n_held = io.inputs[0].shape[-1], io.inputs[1].shape[-1]
    return {
        "rows": io.inputs[0].n_elements // size,
        "frames": size // attrs.frame_step,
        "size": attrs.frame_size,
        "step": attrs.frame_step,
        "n_held": n_held,
    }


CARDS = (Card("iseul_framer_s16", "iseul_framer_t", (), cost, emit, inputs=(0, 1, 2)),)
