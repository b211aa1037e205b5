# SPDX-License-Identifier: Apache-2.0
"""Kernels of delays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.delay import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """12 per value."""
    return 12 * sum(value.n_elements for value in io.outputs)


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_delay_t`."""
    size, n_held = (value.shape[-1] for value in io.inputs)
    return {"rows": io.inputs[0].n_elements // size, "size": size, "n_held": n_held}


CARDS = (Card("iseul_delay_s16", "iseul_delay_t", (), cost, emit, inputs=(0, 1)),)
