# SPDX-License-Identifier: Apache-2.0
"""Kernels of softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops.softmax import exponentials

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.softmax import Attrs


def _rows(io: Io) -> dict[str, int]:
    size = io.inputs[0].shape[-1]
    return {"rows": io.inputs[0].n_elements // size, "size": size}


def cost_s8(attrs: Attrs, io: Io) -> int:
    """58 per value, 150 per row."""
    rows = _rows(io)
    return rows["rows"] * (150 + 58 * rows["size"])


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_softmax_s8_t`: the oracle's own table of exponentials."""
    return {**_rows(io), "exponentials": exponentials(attrs, io).astype(np.int32)}


def cost_f32(attrs: Attrs, io: Io) -> int:
    """53 per value, 38 per row."""
    rows = _rows(io)
    return rows["rows"] * (38 + 53 * rows["size"])


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_softmax_f32_t`."""
    return {**_rows(io), "beta": float(attrs.beta)}


CARDS = (
    Card("iseul_softmax_s8", "iseul_softmax_s8_t", (kinds("int8"),), cost_s8, emit_s8),
    Card("iseul_softmax_f32", "iseul_softmax_f32_t", (kinds("float32"),), cost_f32, emit_f32),
)
