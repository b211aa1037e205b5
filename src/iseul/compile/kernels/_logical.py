# SPDX-License-Identifier: Apache-2.0
"""The cards of logical ops: tables of truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Card, Fields
    from iseul.graph.ir import Io


def cards(truth: int) -> tuple[Card, ...]:
    """The card of an op. truth: bit 2 a + b is the result for a and b."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {"truth": truth}

    return (binary.card("iseul_logical", "iseul_logical_t", ("bool",), 16, emit),)
