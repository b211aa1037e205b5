# SPDX-License-Identifier: Apache-2.0
"""Kernels of logarithms of integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card
from iseul.graph.ops.filter_bank_log import table

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.filter_bank_log import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """75 per value."""
    return 75 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_log_u32_t`."""
    return {
        "n": io.outputs[0].n_elements,
        "scale": attrs.output_scale,
        "shift": attrs.input_correction_bits,
        "steps": table().astype(np.int16),
    }


CARDS = (Card("iseul_log_u32", "iseul_log_u32_t", (), cost, emit),)
