# SPDX-License-Identifier: Apache-2.0
"""Kernels of select: elements are copied by their size, whatever they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _binary as binary
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._overlap import value_by_value
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields, Rule
    from iseul.graph.ir import Io


def _elements_of(n_bytes: int) -> Rule:
    def rule(attrs: Any, io: Io) -> str | None:
        out = io.outputs[0]
        fits = storage(out.dtype).itemsize == n_bytes
        return None if fits else f'"{out.name}" is {out.dtype}'

    rule.__doc__ = f"elements have {8 * n_bytes} bits"
    return rule


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_pair_t`, of three operands."""
    return {"shape": binary.broadcast(io)}


CARDS = tuple(
    Card(
        f"iseul_select_b{8 * n_bytes}",
        "iseul_pair_t",
        (_elements_of(n_bytes), binary.few_axes),
        binary.per_value(11),
        emit,
        inputs=(0, 1, 2),
        overlap=value_by_value,
    )
    for n_bytes in (1, 2, 4, 8)
)
