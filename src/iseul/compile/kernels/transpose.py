# SPDX-License-Identifier: Apache-2.0
"""Kernels of transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import walk_cards
from iseul.compile.kernels._walk import Walk, strides

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.transpose import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Axis i of the output runs along axis perm[i] of the input."""
    x = io.inputs[0].shape
    steps = strides(x)
    return Walk(tuple((x[axis], steps[axis]) for axis in attrs.perm))


CARDS = walk_cards(walk)
