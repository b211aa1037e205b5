# SPDX-License-Identifier: Apache-2.0
"""Kernels of spectra of real signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._spectrum import cost, transform

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops._spectrum import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_rfft_s16_t` and its kin."""
    size = io.inputs[0].shape[-1]
    return {
        "fft": transform(attrs, io, inverse=False),
        "rows": io.inputs[0].n_elements // size,
        "size": size,
    }


CARDS = (
    Card("iseul_rfft_s16", "iseul_rfft_s16_t", (kinds("int16"),), cost, emit),
    Card("iseul_rfft_s32", "iseul_rfft_s32_t", (kinds("int32"),), cost, emit),
    Card("iseul_rfft_f32", "iseul_rfft_f32_t", (kinds("float32"),), cost, emit),
)
