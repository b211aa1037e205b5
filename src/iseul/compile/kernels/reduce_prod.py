# SPDX-License-Identifier: Apache-2.0
"""Kernels of products over axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._reducing import REMEDY, axes, cost, few_axes

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops._reducing import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_product_f32_t`."""
    return {"axes": axes(attrs, io)}


CARDS = (
    Card("iseul_product_f32", "iseul_product_f32_t", (kinds("float32"), few_axes), cost, emit),
)

__all__ = ["CARDS", "REMEDY"]
