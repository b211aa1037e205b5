# SPDX-License-Identifier: Apache-2.0
"""What the cards of operations along one axis share; the cards of arg_max and arg_min."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields, Rule
    from iseul.graph.ir import DType, Io
    from iseul.graph.ops._arg import Attrs


def axes(io: Io, axis: int) -> dict[str, int]:
    """The input as (outer, size, inner) around the axis."""
    shape = io.inputs[0].shape
    return {
        "outer": int(np.prod(shape[:axis], dtype=np.int64)),
        "size": shape[axis],
        "inner": int(np.prod(shape[axis + 1 :], dtype=np.int64)),
    }


def _input_is(dtype: DType) -> Rule:
    def rule(attrs: Attrs, io: Io) -> str | None:
        return None if io.inputs[0].dtype == dtype else f"it is {io.inputs[0].dtype}"

    rule.__doc__ = f"input is {dtype}"
    return rule


def cost(attrs: Attrs, io: Io) -> int:
    """8 per value, 30 per index."""
    return 8 * io.inputs[0].n_elements + 30 * io.outputs[0].n_elements


def arg_cards(largest: bool) -> tuple[Card, ...]:
    """The cards of arg_max or arg_min."""

    def emit(attrs: Attrs, io: Io) -> Fields:
        return {
            **axes(io, attrs.axis % len(io.inputs[0].shape)),
            "is_largest": int(largest),
            "is_wide": int(io.dtype == "int64"),
        }

    kinds: dict[DType, str] = {"int8": "s8", "int16": "s16", "int32": "s32", "float32": "f32"}
    return tuple(
        Card(f"iseul_arg_{short}", "iseul_arg_t", (_input_is(dtype),), cost, emit)
        for dtype, short in kinds.items()
    )
