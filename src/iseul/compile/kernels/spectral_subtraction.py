# SPDX-License-Identifier: Apache-2.0
"""Kernels of noise taken away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.spectral_subtraction import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """48 per value."""
    return 48 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_spectral_subtraction_t`."""
    return {
        "n": io.outputs[0].n_elements,
        "gain": (attrs.smoothing, attrs.alternate_smoothing),
        "kept": (attrs.one_minus_smoothing, attrs.alternate_one_minus_smoothing),
        "least": attrs.min_signal_remaining,
        "smoothing_bits": attrs.smoothing_bits,
        "bits": attrs.spectral_subtraction_bits,
        "is_clamped": int(attrs.clamping),
    }


CARDS = (
    Card(
        "iseul_spectral_subtraction_u32",
        "iseul_spectral_subtraction_t",
        (),
        cost,
        emit,
        inputs=(0, 1),
    ),
)
