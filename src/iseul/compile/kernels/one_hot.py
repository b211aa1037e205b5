# SPDX-License-Identifier: Apache-2.0
"""Kernels of one_hot."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._moving import element_bytes, element_words
from iseul.graph.ops.one_hot import numbers

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.one_hot import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """40 per index, 1 per byte."""
    return 20 + 40 * io.inputs[0].n_elements + io.outputs[0].n_bytes


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_one_hot_t`."""
    x, out = io.inputs[0], io.outputs[0]
    axis = attrs.axis % len(out.shape)
    on, off = (element_words(number, out) for number in numbers(attrs, io))
    return {
        "outer": prod(x.shape[:axis]),
        "inner": prod(x.shape[axis:]),
        "depth": attrs.depth,
        "index_bytes": element_bytes(x),
        "element": element_bytes(out),
        "on": on,
        "off": off,
    }


CARDS = (Card("iseul_one_hot", "iseul_one_hot_t", (), cost, emit),)
