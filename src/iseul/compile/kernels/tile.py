# SPDX-License-Identifier: Apache-2.0
"""Kernels of tile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import walk_cards
from iseul.compile.kernels._walk import Walk, strides

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.tile import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Each axis is walked through `multiples` times."""
    x = io.inputs[0].shape
    axes = zip(x, attrs.multiples, strides(x), strict=True)
    return Walk(tuple(axis for n, times, step in axes for axis in ((times, 0), (n, step))))


CARDS = walk_cards(walk)
