# SPDX-License-Identifier: Apache-2.0
"""What the cards of reductions share: which axes stay, which are run through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card, kinds
from iseul.graph.ops import _reducing as reducing
from iseul.graph.ops._quantized import zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import DType, Io
    from iseul.graph.ops._reducing import Attrs

_LOOPS = 4
REMEDY = "reshape or transpose the input so that the reduced axes stand together"


def _sides(attrs: Attrs, io: Io) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """(size, step) of the axes that stay and of those that are reduced, neighbours merged."""
    x = io.inputs[0].shape
    reduced = reducing.axes_of(attrs, len(x))
    keep: list[tuple[int, int]] = []
    drop: list[tuple[int, int]] = []
    step, before = 1, None
    for i in reversed(range(len(x))):
        if x[i] == 1:
            continue
        side = drop if i in reduced else keep
        if side is before:  # the axis next to it goes the same way
            size, inner = side.pop(0)
            side.insert(0, (size * x[i], inner))
        else:
            side.insert(0, (x[i], step))
        step, before = step * x[i], side
    return keep, drop


def few_axes(attrs: Attrs, io: Io) -> str | None:
    """axes that stay and axes that are reduced form at most 4 groups each"""
    sides = _sides(attrs, io)
    if max(map(len, sides)) <= _LOOPS:
        return None
    return f"axes {attrs.axes} of {io.inputs[0].shape}"


def axes(attrs: Attrs, io: Io) -> dict[str, tuple[int, ...]]:
    """`iseul_axes_t`."""
    found = {}
    for name, side in zip(("keep", "drop"), _sides(attrs, io), strict=True):
        found[f"{name}_size"] = fields.four([size for size, _ in side], 1)
        found[f"{name}_step"] = fields.four([step for _, step in side], 0)
    return found


def cost(attrs: Attrs, io: Io) -> int:
    """7 per value that goes in, 50 per value that comes out."""
    return 7 * io.inputs[0].n_elements + 50 * io.outputs[0].n_elements


def sums(is_mean: bool) -> tuple[Card, ...]:
    """The cards of sum or mean."""

    def emit(attrs: Attrs, io: Io) -> Fields:
        multiplier, shift = reducing.multiplier(attrs, io, is_mean)
        return {
            "axes": axes(attrs, io),
            "offset": zero_point(io.inputs[0]) * reducing.count(attrs, io),
            "multiplier": multiplier,
            "shift": shift,
            "zero_point": zero_point(io.outputs[0]),
            **fields.clamp_s8(io, "none"),
        }

    def emit_f32(attrs: Attrs, io: Io) -> Fields:
        divisor = float(reducing.count(attrs, io)) if is_mean else 1.0
        return {"axes": axes(attrs, io), "divisor": divisor}

    return (
        Card("iseul_sum_s8", "iseul_sum_t", (kinds("int8"), few_axes), cost, emit),
        Card("iseul_sum_s16", "iseul_sum_t", (kinds("int16"), few_axes), cost, emit),
        Card("iseul_sum_f32", "iseul_sum_f32_t", (kinds("float32"), few_axes), cost, emit_f32),
    )


def extremes(flip: int, *suffixes: tuple[str, DType]) -> tuple[Card, ...]:
    """The cards of a largest (flip 0) or smallest (flip -1) value."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {"axes": axes(attrs, io), "flip": flip}

    return tuple(
        Card(f"iseul_extreme_{suffix}", "iseul_extreme_t", (kinds(dtype), few_axes), cost, emit)
        for suffix, dtype in suffixes
    )


NUMBERS: tuple[tuple[str, DType], ...] = (
    ("s8", "int8"),
    ("s16", "int16"),
    ("s32", "int32"),
    ("f32", "float32"),
)
