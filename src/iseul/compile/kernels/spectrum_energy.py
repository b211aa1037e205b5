# SPDX-License-Identifier: Apache-2.0
"""Kernels of energies of spectra."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.spectrum_energy import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """14 per value."""
    return 14 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_energy_t`."""
    size = io.outputs[0].shape[-1]
    return {
        "rows": io.outputs[0].n_elements // size,
        "size": size,
        "start": attrs.start,
        "end": attrs.end,
    }


CARDS = (Card("iseul_energy_s16", "iseul_energy_t", (), cost, emit),)
