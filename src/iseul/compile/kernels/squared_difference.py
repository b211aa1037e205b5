# SPDX-License-Identifier: Apache-2.0
"""Kernels of squared differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary
from iseul.graph.ops.squared_difference import multipliers

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_aligned_t` behind `shape`."""
    return binary.aligned(attrs, io, multipliers, b_sign=-1)


_STEM = "iseul_squared_difference"
CARDS = (
    binary.lookup("squared_difference"),
    binary.card(f"{_STEM}_s8", "iseul_aligned_t", ("int8",), 68, emit),
    binary.card(f"{_STEM}_s16", "iseul_aligned_t", ("int16",), 61, emit),
    binary.card(f"{_STEM}_s32", "iseul_plain_t", ("int32",), 18, binary.plain_clamp),
    binary.card(f"{_STEM}_f32", "iseul_pair_t", ("float32",), 10, binary.no_fields),
)
