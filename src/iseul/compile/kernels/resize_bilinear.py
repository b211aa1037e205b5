# SPDX-License-Identifier: Apache-2.0
"""Kernels of resize_bilinear."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops._resizing import integer_step, step

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import DType, Io
    from iseul.graph.ops.resize_bilinear import Attrs


def _sizes(attrs: Attrs, io: Io) -> dict[str, int]:
    n, rows, columns, channels = io.inputs[0].shape
    return {
        "batch": n,
        "in_h": rows,
        "in_w": columns,
        "out_h": attrs.size[0],
        "out_w": attrs.size[1],
        "channels": channels,
    }


def emit_integers(attrs: Attrs, io: Io) -> Fields:
    """`iseul_resize_bilinear_t`."""
    sizes = _sizes(attrs, io)
    step_h, start_h = integer_step(sizes["in_h"], sizes["out_h"], attrs.coordinates)
    step_w, start_w = integer_step(sizes["in_w"], sizes["out_w"], attrs.coordinates)
    steps = {"step_h": step_h, "step_w": step_w, "start_h": start_h, "start_w": start_w}
    return {**sizes, **steps}


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_resize_bilinear_f32_t`."""
    sizes = _sizes(attrs, io)
    return {
        **sizes,
        "step_h": float(step(sizes["in_h"], sizes["out_h"], attrs.coordinates)),
        "step_w": float(step(sizes["in_w"], sizes["out_w"], attrs.coordinates)),
        "half": 0.5 if attrs.coordinates == "half_pixel" else 0.0,
    }


def emit_offset(attrs: Attrs, io: Io) -> Fields:
    """`iseul_resize_bilinear_offset_t`."""
    return {"real": emit_f32(attrs, io), "offset": attrs.offset}


def has_offset(attrs: Attrs, io: Io) -> str | None:
    """integers have an offset"""
    return None if attrs.offset else "there is none"


def no_offset(attrs: Attrs, io: Io) -> str | None:
    """integers have no offset"""
    return f"it is {attrs.offset}" if attrs.offset else None


def places_fit(attrs: Attrs, io: Io) -> str | None:
    """images have less than 2^20 rows and columns, so that 32 bits hold places between pixels"""
    largest = max(*io.inputs[0].shape[1:3], *attrs.size)
    return None if largest < 1 << 20 else f"{largest:,} rows or columns"


def cost(attrs: Attrs, io: Io) -> int:
    """20 per value, 50 per pixel."""
    n = io.outputs[0].n_elements
    return 20 * n + 50 * (n // io.outputs[0].shape[3])


def _of_integers(suffix: str, dtype: DType) -> Card:
    return Card(
        f"iseul_resize_bilinear_{suffix}",
        "iseul_resize_bilinear_t",
        (kinds(dtype), places_fit, no_offset),
        cost,
        emit_integers,
    )


CARDS = (
    _of_integers("s8", "int8"),
    _of_integers("s16", "int16"),
    Card(
        "iseul_resize_bilinear_offset_s8",
        "iseul_resize_bilinear_offset_t",
        (kinds("int8"), places_fit, has_offset),
        cost,
        emit_offset,
    ),
    factor.resize_bilinear(_sizes, places_fit),
    Card(
        "iseul_resize_bilinear_f32",
        "iseul_resize_bilinear_f32_t",
        (kinds("float32"), places_fit),
        cost,
        emit_f32,
    ),
)
