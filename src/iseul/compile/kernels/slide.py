# SPDX-License-Identifier: Apache-2.0
"""Kernels of windows that slide along an axis."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.plan import IN_PLACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.slide import Attrs


def _rows(attrs: Attrs, io: Io) -> int:
    shape = io.outputs[0].shape
    return prod(shape[: attrs.axis % len(shape)])


def cost(attrs: Attrs, io: Io) -> int:
    """60 per row, 0.5 per byte."""
    return 60 * _rows(attrs, io) + io.outputs[0].n_bytes // 2


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_slide_t`."""
    n = _rows(attrs, io)
    frames, window = io.inputs
    return {"outer": n, "row": window.n_bytes // n, "fresh": frames.n_bytes // n}


def over_the_window(attrs: Attrs, io: Io) -> Mapping[int, int]:
    """Bytes move down within the window."""
    return {1: IN_PLACE}


CARDS = (
    Card("iseul_slide", "iseul_slide_t", (), cost, emit, inputs=(0, 1), overlap=over_the_window),
)
