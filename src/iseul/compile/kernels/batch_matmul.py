# SPDX-License-Identifier: Apache-2.0
"""Kernels of products of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._binary import collapse
from iseul.compile.kernels._card import Card, every_input
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.batch_matmul import macs, multiplier
from iseul.numerics.requantize import reduce_multiplier

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields, Rule
    from iseul.graph.ir import DType, Io
    from iseul.graph.ops.batch_matmul import Attrs

_MOST_AXES = 4


def _leading(io: Io) -> tuple[list[int], list[list[int]]]:
    """Sizes of the leading axes, and each operand's steps along them in matrices."""
    return collapse(io.outputs[0].shape[:-2], [value.shape[:-2] for value in io.inputs])


def _matrices(attrs: Attrs, io: Io) -> dict[str, Any]:
    """`iseul_matrices_t`."""
    sizes, steps = _leading(io)
    missing = _MOST_AXES - len(sizes)
    a, b = (value.shape[-2:] for value in io.inputs)
    next_a, next_b = (
        (0,) * missing + tuple(step * int(np.prod(shape)) for step in side)
        for side, shape in zip(steps, (a, b), strict=True)
    )
    a_row, a_step = (1, a[1]) if attrs.adj_x else (a[1], 1)
    b_column, b_step = (b[1], 1) if attrs.adj_y else (1, b[1])
    return {
        "size": (1,) * missing + tuple(sizes),
        "a_next": next_a,
        "b_next": next_b,
        "rows": io.outputs[0].shape[-2],
        "columns": io.outputs[0].shape[-1],
        "depth": a[0] if attrs.adj_x else a[1],
        "a_row": a_row,
        "a_step": a_step,
        "b_column": b_column,
        "b_step": b_step,
    }


def emit_integers(attrs: Attrs, io: Io) -> Fields:
    """`iseul_batch_matmul_t`."""
    factor, shift = multiplier(io)
    return {
        "matrices": _matrices(attrs, io),
        "a_zero_point": zero_point(io.inputs[0]),
        "b_zero_point": zero_point(io.inputs[1]),
        "multiplier": int(reduce_multiplier(factor)) if io.dtype == "int16" else factor,
        "shift": shift,
        "zero_point": zero_point(io.outputs[0]),
        **fields.clamp_s8(io, attrs.activation),
    }


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_batch_matmul_f32_t`."""
    return {"matrices": _matrices(attrs, io), **fields.clamp_f32(attrs.activation)}


def cost(attrs: Attrs, io: Io) -> int:
    """9 per MAC, 50 per output."""
    return 9 * macs(attrs, io) + 50 * io.outputs[0].n_elements


def few_axes(attrs: Attrs, io: Io) -> str | None:
    """broadcasting changes at most 3 times along the leading axes, so that 4 loops are enough"""
    n = len(_leading(io)[0])
    return None if n <= _MOST_AXES else f"they need {n} loops"


def kind(dtype: DType) -> Rule:
    """The rule that operands, constants too, and output have this dtype."""

    def rule(attrs: Any, io: Io) -> str | None:
        odd = [v for v in (*io.inputs, *io.outputs) if v.dtype != dtype]
        return ", ".join(f'"{v.name}" is {v.dtype}' for v in odd) or None

    rule.__doc__ = f"operands and output are {dtype}"
    return rule


_PARAMS = "iseul_batch_matmul_t"
CARDS = (
    Card(
        "iseul_batch_matmul_s8",
        _PARAMS,
        (kind("int8"), few_axes),
        cost,
        emit_integers,
        inputs=every_input,
    ),
    Card(
        "iseul_batch_matmul_s16",
        _PARAMS,
        (kind("int16"), few_axes),
        cost,
        emit_integers,
        inputs=every_input,
    ),
    Card(
        "iseul_batch_matmul_f32",
        "iseul_batch_matmul_f32_t",
        (kind("float32"), few_axes),
        cost,
        emit_f32,
        inputs=every_input,
    ),
)
