# SPDX-License-Identifier: Apache-2.0
"""Kernels of addition."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.add import multipliers

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.add import Attrs


def _axes(io: Io) -> tuple[list[int], list[int], list[int]]:
    return fields.collapse(io.outputs[0].shape, io.inputs[0].shape, io.inputs[1].shape)


def few_axes(attrs: Attrs, io: Io) -> str | None:
    """broadcasting changes at most 3 times along the axes, so that 4 loops are enough"""
    n = len(_axes(io)[0])
    return None if n <= 4 else f"{io.inputs[0].shape} + {io.inputs[1].shape} needs {n} loops"


def _broadcast(io: Io) -> dict[str, tuple[int, ...]]:
    sizes, a, b = _axes(io)
    return {
        "size": fields.four(sizes, 1),
        "a_step": fields.four(a, 0),
        "b_step": fields.four(b, 0),
    }


def cost_s8(attrs: Attrs, io: Io) -> int:
    """75 per value: three requantizations."""
    return 75 * io.outputs[0].n_elements


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_add_s8_t`."""
    m = multipliers(io)
    return {
        "shape": _broadcast(io),
        "left_shift": m.left_shift,
        "a_zero_point": zero_point(io.inputs[0]),
        "a_multiplier": m.a[0],
        "a_shift": m.a[1],
        "b_zero_point": zero_point(io.inputs[1]),
        "b_multiplier": m.b[0],
        "b_shift": m.b[1],
        "multiplier": m.out[0],
        "shift": m.out[1],
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, attrs.activation),
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """19 per value."""
    return 19 * io.outputs[0].n_elements


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_add_f32_t`."""
    return {"shape": _broadcast(io), **fields.clamp_f32(attrs.activation)}


CARDS = (
    Card(
        "iseul_add_s8",
        "iseul_add_s8_t",
        (kinds("int8"), few_axes),
        cost_s8,
        emit_s8,
        inputs=(0, 1),
    ),
    Card(
        "iseul_add_f32",
        "iseul_add_f32_t",
        (kinds("float32"), few_axes),
        cost_f32,
        emit_f32,
        inputs=(0, 1),
    ),
)
