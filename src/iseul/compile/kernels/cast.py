# SPDX-License-Identifier: Apache-2.0
"""Kernels of cast: one for all kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.cast import Attrs

# ISEUL_KIND_* of iseul_unary.h, in this order
_KINDS = ("float32", "int8", "uint8", "int16", "int32", "uint32", "int64", "bool")


def known(attrs: Attrs, io: Io) -> str | None:
    """input and output are of kinds that the kernel knows"""
    others = [v.dtype for v in (*io.inputs, *io.outputs) if v.dtype not in _KINDS]
    return ", ".join(others) or None


def cost(attrs: Attrs, io: Io) -> int:
    """60 per value."""
    return 60 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_cast_t`."""
    kinds = [_KINDS.index(v.dtype) for v in (io.inputs[0], io.outputs[0])]
    return {"n": io.outputs[0].n_elements, "from": kinds[0], "to": kinds[1]}


CARDS = (Card("iseul_cast", "iseul_cast_t", (known,), cost, emit),)
