# SPDX-License-Identifier: Apache-2.0
"""Kernels of the logarithm of softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import value_by_value
from iseul.compile.kernels.softmax import rows_of
from iseul.graph.ops.log_softmax import constants
from iseul.graph.ops.softmax import exponentials

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.log_softmax import Attrs


def cost_s8(attrs: Attrs, io: Io) -> int:
    """62 per value, 250 per row."""
    rows = rows_of(io)
    return rows["rows"] * (250 + 62 * rows["size"])


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_log_softmax_s8_t`: softmax's own table of exponentials."""
    c = constants(io)
    return {
        **rows_of(io),
        "multiplier": c.multiplier,
        "shift": c.shift,
        "reverse_multiplier": c.reverse[0],
        "reverse_shift": c.reverse[1],
        "smallest": c.smallest,
        "exponentials": exponentials(1.0, io).astype(np.int32),
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """65 per value, 100 per row."""
    rows = rows_of(io)
    return rows["rows"] * (100 + 65 * rows["size"])


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_log_softmax_f32_t`."""
    return rows_of(io)


# each kernel reads value i of a row for the last time just before it writes value i
CARDS = (
    Card(
        "iseul_log_softmax_s8",
        "iseul_log_softmax_s8_t",
        (kinds("int8"),),
        cost_s8,
        emit_s8,
        overlap=value_by_value,
    ),
    Card(
        "iseul_log_softmax_f32",
        "iseul_log_softmax_f32_t",
        (kinds("float32"),),
        cost_f32,
        emit_f32,
        overlap=value_by_value,
    ),
)
