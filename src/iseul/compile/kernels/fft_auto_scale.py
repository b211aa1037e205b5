# SPDX-License-Identifier: Apache-2.0
"""Kernels of signals shifted to fill 16 bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.fft_auto_scale import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """13 per value."""
    return 13 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_auto_scale_t`."""
    return {"n": io.outputs[0].n_elements}


CARDS = (Card("iseul_auto_scale_s16", "iseul_auto_scale_t", (), cost, emit),)
