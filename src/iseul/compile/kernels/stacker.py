# SPDX-License-Identifier: Apache-2.0
"""Kernels of frames side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.stacker import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """20 per value; a division is one of them."""
    return 20 * (io.outputs[0].n_elements + io.outputs[2].n_elements)


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_stacker_t`."""
    return {
        "size": io.inputs[0].n_elements,
        "frames": attrs.left + attrs.right + 1,
        "repeat": attrs.left,
        "step": attrs.step,
        "n_held": io.inputs[1].n_elements,
    }


CARDS = (Card("iseul_stacker_s16", "iseul_stacker_t", (), cost, emit, inputs=(0, 1, 2)),)
