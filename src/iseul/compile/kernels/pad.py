# SPDX-License-Identifier: Apache-2.0
"""Kernels of padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops.pad import border

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.pad import Attrs


def _axes(attrs: Attrs, io: Io) -> list[tuple[int, int, int]]:
    """(size, before, after) of the fewest axes: what is behind the last padded axis is one."""
    merged: list[tuple[int, int, int]] = []
    for n, (before, after) in zip(io.inputs[0].shape, attrs.pads, strict=True):
        if merged and before == after == 0:
            size, first, last = merged[-1]
            merged[-1] = (size * n, first * n, last * n)
        else:
            merged.append((n, before, after))
    return merged


def few_axes(attrs: Attrs, io: Io) -> str | None:
    """at most 4 axes are padded"""
    n = len(_axes(attrs, io))
    return None if n <= 4 else f"pads {attrs.pads} need {n} loops"


def cost(attrs: Attrs, io: Io) -> int:
    """16 per value."""
    return 16 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_pad_s8_t`, `iseul_pad_f32_t`."""
    axes = _axes(attrs, io) or [(1, 0, 0)]
    value = border(attrs, io)
    return {
        "in_size": fields.four([n for n, _, _ in axes], 1),
        "out_size": fields.four([sum(axis) for axis in axes], 1),
        "before": fields.four([before for _, before, _ in axes], 0),
        "border": value if io.outputs[0].is_float else int(value),
    }


CARDS = (
    Card("iseul_pad_s8", "iseul_pad_s8_t", (kinds("int8"), few_axes), cost, emit),
    Card("iseul_pad_f32", "iseul_pad_f32_t", (kinds("float32"), few_axes), cost, emit),
)
