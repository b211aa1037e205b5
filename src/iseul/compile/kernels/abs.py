# SPDX-License-Identifier: Apache-2.0
"""Kernels of the absolute value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._each import each, real
from iseul.compile.kernels._lookup import lookup

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.abs import Attrs


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_requantize_t`."""
    return fields.rescale_s8(io, "none")


CARDS = (
    lookup("abs"),
    each("iseul_abs_s16", "iseul_requantize_t", ("int16",), 25, emit_s16),
    each("iseul_abs_s32", "iseul_each_t", ("int32",), 9),
    real("iseul_abs_f32", 8),
)
