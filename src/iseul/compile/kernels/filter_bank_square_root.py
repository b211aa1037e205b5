# SPDX-License-Identifier: Apache-2.0
"""Kernels of square roots of energies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.filter_bank_square_root import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """400 per value: 13 per bit of the root."""
    return 400 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_square_root_t`."""
    return {"n": io.outputs[0].n_elements}


CARDS = (Card("iseul_square_root_u64", "iseul_square_root_t", (), cost, emit, inputs=(0, 1)),)
