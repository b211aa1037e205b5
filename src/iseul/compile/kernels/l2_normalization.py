# SPDX-License-Identifier: Apache-2.0
"""Kernels of rows of length 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._normalizing import cost, rows
from iseul.compile.kernels._overlap import row_by_row
from iseul.graph.ops._quantized import zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.l2_normalization import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_l2_normalization_s8_t`."""
    return {**rows(io), "zero_point": zero_point(io.inputs[0])}


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_l2_normalization_f32_t`."""
    return {**rows(io), "epsilon": float(attrs.epsilon)}


CARDS = (
    Card(
        "iseul_l2_normalization_s8",
        "iseul_l2_normalization_s8_t",
        (kinds("int8"),),
        cost,
        emit,
        overlap=row_by_row,
    ),
    Card(
        "iseul_l2_normalization_f32",
        "iseul_l2_normalization_f32_t",
        (kinds("float32"),),
        cost,
        emit_f32,
        overlap=row_by_row,
    ),
)
