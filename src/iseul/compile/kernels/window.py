# SPDX-License-Identifier: Apache-2.0
"""Kernels of windows over signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._fields import data_of
from iseul.compile.kernels._overlap import value_by_value

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.window import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """13 per value."""
    return 13 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_taper_t`."""
    weights = data_of(io.inputs[1])
    return {
        "rows": io.outputs[0].n_elements // len(weights),
        "size": len(weights),
        "shift": attrs.shift,
        "weights": weights,
    }


CARDS = (Card("iseul_taper_s16", "iseul_taper_t", (), cost, emit, overlap=value_by_value),)
