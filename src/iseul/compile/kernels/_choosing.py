# SPDX-License-Identifier: Apache-2.0
"""The cards of minimum and maximum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Card, Fields
    from iseul.graph.ir import DType, Io

_KINDS: tuple[tuple[str, DType, int], ...] = (
    ("s8", "int8", 17),
    ("s16", "int16", 12),
    ("s32", "int32", 13),
    ("s64", "int64", 15),
    ("f32", "float32", 14),
)


def cards(op: str) -> tuple[Card, ...]:
    """The cards of minimum or maximum."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {"is_minimum": int(op == "minimum")}

    return (
        binary.lookup(op),
        *(
            binary.card(f"iseul_min_max_{suffix}", "iseul_min_max_t", (kind,), cost, emit)
            for suffix, kind, cost in _KINDS
        ),
    )
