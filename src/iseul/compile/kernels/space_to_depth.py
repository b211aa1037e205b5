# SPDX-License-Identifier: Apache-2.0
"""Kernels of space_to_depth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import walk_cards
from iseul.compile.kernels._walk import Walk, strides
from iseul.graph.ops.space_to_depth import ORDER

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.space_to_depth import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Axes of (N, h, i, w, j, C), reordered."""
    n, rows, columns, depth = io.inputs[0].shape
    b = attrs.block
    split = (n, rows // b, b, columns // b, b, depth)
    steps = strides(split)
    return Walk(tuple((split[axis], steps[axis]) for axis in ORDER))


CARDS = walk_cards(walk)
