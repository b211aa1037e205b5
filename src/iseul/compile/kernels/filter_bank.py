# SPDX-License-Identifier: Apache-2.0
"""Kernels of filter banks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._fields import data_of

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.filter_bank import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """17 per weight, 25 per channel."""
    return 17 * int(data_of(io.inputs[5]).sum()) + 25 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_filter_bank_t`."""
    names = ("weights", "unweights", "first", "at", "width")
    tables = {name: data_of(value) for name, value in zip(names, io.inputs[1:], strict=True)}
    return {"channels": io.outputs[0].n_elements, **tables}


CARDS = (Card("iseul_filter_bank_u32", "iseul_filter_bank_t", (), cost, emit),)
