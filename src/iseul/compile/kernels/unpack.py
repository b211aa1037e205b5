# SPDX-License-Identifier: Apache-2.0
"""Kernels of unpack; into one output, none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._joining import cut_cards

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.unpack import Attrs


def axis(attrs: Attrs, io: Io) -> int:
    """The axis of the input, from which on an output's elements lie together."""
    return attrs.axis % len(io.inputs[0].shape)


CARDS = cut_cards(axis)
