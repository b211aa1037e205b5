# SPDX-License-Identifier: Apache-2.0
"""Kernels of overlapping frames that are added up."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card, kinds

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.overlap_add import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """25 per value that goes in, 8 per value that comes out."""
    return 25 * io.inputs[0].n_elements + 8 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_overlap_add_t`."""
    *rows, frames, size = io.inputs[0].shape
    return {"rows": prod(rows), "frames": frames, "size": size, "step": attrs.frame_step}


CARDS = (
    Card(
        "iseul_overlap_add_s16",
        "iseul_overlap_add_t",
        (kinds("int16"),),
        cost,
        emit,
        inputs=(0, 1),
    ),
    Card(
        "iseul_overlap_add_f32",
        "iseul_overlap_add_t",
        (kinds("float32"),),
        cost,
        emit,
        inputs=(0, 1),
    ),
)
