# SPDX-License-Identifier: Apache-2.0
"""Kernels of pack; of one input, none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._joining import join_cards

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.pack import Attrs


def axis(attrs: Attrs, io: Io) -> int:
    """The axis in the output, from which on an input's elements lie together."""
    return attrs.axis % len(io.outputs[0].shape)


CARDS = join_cards(axis)
