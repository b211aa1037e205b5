# SPDX-License-Identifier: Apache-2.0
"""Kernels of logistic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._each import each, real
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._squashing import multiplier_of_int16
from iseul.graph.ops.logistic import EXACT_SHIFTS
from iseul.numerics.gate import logistic_table

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.logistic import Attrs


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_squash_s16_t`."""
    multiplier, shift = multiplier_of_int16(io, EXACT_SHIFTS)
    return {
        "n": io.outputs[0].n_elements,
        "multiplier": multiplier,
        "shift": shift,
        "table": logistic_table().astype(np.uint16),
    }


CARDS = (
    lookup("logistic"),
    each("iseul_logistic_s16", "iseul_squash_s16_t", ("int16",), 34, emit_s16),
    real("iseul_logistic_f32", 57),
)
