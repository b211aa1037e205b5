# SPDX-License-Identifier: Apache-2.0
"""Kernels of per-channel amplitude normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._fields import data_of
from iseul.compile.kernels._overlap import value_by_value

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.pcan import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """80 per value."""
    return 80 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_pcan_t`."""
    return {
        "n": io.outputs[0].n_elements,
        "shift": attrs.snr_shift,
        "gains": data_of(io.inputs[2]),
    }


CARDS = (
    Card(
        "iseul_pcan_u32",
        "iseul_pcan_t",
        (),
        cost,
        emit,
        inputs=(0, 1),
        overlap=value_by_value,
    ),
)
