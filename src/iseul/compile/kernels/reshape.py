# SPDX-License-Identifier: Apache-2.0
"""Kernels of reshape: none, where the output may be the input's buffer; else a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def cost_alias(attrs: Any, io: Io) -> int:
    """Nothing."""
    return 0


def emit_alias(attrs: Any, io: Io) -> Fields:
    """No parameters."""
    return {}


def cost_copy(attrs: Any, io: Io) -> int:
    """1 per byte."""
    return io.outputs[0].n_bytes


def emit_copy(attrs: Any, io: Io) -> Fields:
    """`iseul_copy_t`."""
    return {"n_bytes": io.outputs[0].n_bytes}


CARDS = (
    Card("alias", "", (), cost_alias, emit_alias, alias=True),
    Card("iseul_copy", "iseul_copy_t", (), cost_copy, emit_copy),
)
