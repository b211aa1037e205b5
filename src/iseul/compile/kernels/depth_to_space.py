# SPDX-License-Identifier: Apache-2.0
"""Kernels of depth_to_space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import walk_cards
from iseul.compile.kernels._walk import Walk, strides
from iseul.graph.ops.depth_to_space import split_channels

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.depth_to_space import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Axes of (N, h, w, split channels), reordered."""
    x = io.inputs[0].shape
    sizes, order = split_channels(attrs, x[3])
    split = (*x[:3], *sizes)
    steps = strides(split)
    return Walk(tuple((split[axis], steps[axis]) for axis in order))


CARDS = walk_cards(walk)
