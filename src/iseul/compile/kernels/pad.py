# SPDX-License-Identifier: Apache-2.0
"""Kernels of padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._moving import border_fields, element_bytes, int32
from iseul.compile.kernels._walk import Walk, strides
from iseul.graph.ops._moving import MAX_AXES
from iseul.graph.ops.pad import border

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.pad import Attrs


def walk(attrs: Attrs, io: Io) -> Walk:
    """Where each element of the input stands in the output."""
    steps = strides(io.outputs[0].shape)
    start = sum(pair[0] * step for pair, step in zip(attrs.pads, steps, strict=True))
    return Walk(tuple(zip(io.inputs[0].shape, steps, strict=True)), start)


def few_axes(attrs: Attrs, io: Io) -> str | None:
    """at most 8 axes are padded"""
    n = len(walk(attrs, io).runs()[0].axes)
    return None if n <= MAX_AXES else f"pads {attrs.pads} need {n} loops"


def cost(attrs: Attrs, io: Io) -> int:
    """38 per run of the input, 1 per byte of input and output."""
    n_runs = io.inputs[0].n_elements // walk(attrs, io).runs()[1]
    return 20 + 38 * n_runs + io.inputs[0].n_bytes + io.outputs[0].n_bytes


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_pad_t`."""
    out = io.outputs[0]
    places, run = walk(attrs, io).runs()
    unit = element_bytes(out)
    return {
        "n_axes": len(places.axes),
        "size": int32([size for size, _ in places.axes]),
        "step": int32([step * unit for _, step in places.axes]),
        "start": places.start * unit,
        "run": run * unit,
        **border_fields(border(attrs, io), out),
    }


CARDS = (Card("iseul_pad", "iseul_pad_t", (few_axes,), cost, emit),)
