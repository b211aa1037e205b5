# SPDX-License-Identifier: Apache-2.0
"""Kernels of broadcast_to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import walk_cards
from iseul.compile.kernels._walk import Walk, strides

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.broadcast_to import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Along axes that the input does not have, or has with size 1, the step is 0."""
    x = (1,) * (len(attrs.shape) - len(io.inputs[0].shape)) + io.inputs[0].shape
    axes = zip(attrs.shape, x, strides(x), strict=True)
    return Walk(tuple((size, step if n == size else 0) for size, n, step in axes))


CARDS = walk_cards(walk)
