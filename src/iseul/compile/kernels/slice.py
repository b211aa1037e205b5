# SPDX-License-Identifier: Apache-2.0
"""Kernels of slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import walk_cards
from iseul.compile.kernels._walk import Walk, strides
from iseul.graph.ops.slice import strides_of

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.slice import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Steps are those of the input times the strides."""
    steps = strides(io.inputs[0].shape)
    axes = zip(attrs.size, strides_of(attrs), steps, strict=True)
    start = sum(first * step for first, step in zip(attrs.begin, steps, strict=True))
    return Walk(tuple((size, stride * step) for size, stride, step in axes), start)


CARDS = walk_cards(walk)
