# SPDX-License-Identifier: Apache-2.0
"""Kernels of softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import value_by_value
from iseul.graph.ops.softmax import exponentials, multiplier_int16, tables_int16

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.softmax import Attrs


def rows_of(io: Io) -> dict[str, int]:
    """Number of rows, and of values in a row."""
    size = io.inputs[0].shape[-1]
    return {"rows": io.inputs[0].n_elements // size, "size": size}


def cost_s8(attrs: Attrs, io: Io) -> int:
    """58 per value, 150 per row."""
    rows = rows_of(io)
    return rows["rows"] * (150 + 58 * rows["size"])


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_softmax_s8_t`: the oracle's own table of exponentials."""
    return {**rows_of(io), "exponentials": exponentials(attrs.beta, io).astype(np.int32)}


def cost_s16(attrs: Attrs, io: Io) -> int:
    """55 per value, 60 per row."""
    rows = rows_of(io)
    return rows["rows"] * (60 + 55 * rows["size"])


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_softmax_s16_t`: the oracle's own tables."""
    multiplier, shift = multiplier_int16(attrs, io)
    exponential, reciprocal = (table.astype(np.int16) for table in tables_int16())
    return {
        **rows_of(io),
        "multiplier": multiplier,
        "shift": shift,
        "exponentials": exponential,
        "reciprocals": reciprocal,
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """53 per value, 38 per row."""
    rows = rows_of(io)
    return rows["rows"] * (38 + 53 * rows["size"])


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_softmax_f32_t`."""
    return {**rows_of(io), "beta": float(attrs.beta)}


# each kernel reads value i of a row for the last time just before it writes value i
CARDS = (
    Card(
        "iseul_softmax_s8",
        "iseul_softmax_s8_t",
        (kinds("int8"),),
        cost_s8,
        emit_s8,
        overlap=value_by_value,
    ),
    Card(
        "iseul_softmax_s8_s16",
        "iseul_softmax_s8_t",
        (kinds("int8", "int16"),),
        cost_s8,
        emit_s8,
        overlap=value_by_value,
    ),
    Card(
        "iseul_softmax_s16",
        "iseul_softmax_s16_t",
        (kinds("int16"),),
        cost_s16,
        emit_s16,
        overlap=value_by_value,
    ),
    Card(
        "iseul_softmax_f32",
        "iseul_softmax_f32_t",
        (kinds("float32"),),
        cost_f32,
        emit_f32,
        overlap=value_by_value,
    ),
    factor.softmax(rows_of, value_by_value),
)
