# SPDX-License-Identifier: Apache-2.0
"""Logistic of each element: 1 / (1 + exp(-x)).

int8:   gemmlowp's fixed point; the output has zero point -128, and its scale is taken as 1/256
int16:  straight lines in a table; the output has scale 2^-15
See `_squashing`.
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _squashing as squashing
from iseul.graph.ops._quantized import zero_point
from iseul.numerics import fixed_point, gate
from iseul.numerics.requantize import rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer

EXACT_SHIFTS = (0,)  # of int16 inputs


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        e = np.exp(-np.abs(x))
        return [np.where(x >= 0, np.float32(1), e) / (np.float32(1) + e)]
    x = x.astype(np.int64)
    if io.dtype == "int16":
        q = squashing.of_int16(x, io, EXACT_SHIFTS, gate.logistic_q15, gate.logistic_table())
        return [q.astype(np.int16)]
    q31 = squashing.of_int8(x, io, fixed_point.logistic)
    q = rounding_divide_by_pot(q31, 23) - 128
    return [np.clip(q, -128, 127).astype(np.int8)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    x = inputs[0]
    if io.outputs[0].is_float:
        return [x.sigmoid()]
    if io.dtype == "int16":
        table = squashing.torch_table(x)
        return [squashing.of_int16(x, io, EXACT_SHIFTS, gate.logistic_q15, table)]
    return [pointwise.every_integer(run, attrs, x, io)]


def int8_output_from_zero(attrs: Attrs, io: Io) -> str | None:
    """an int8 output has zero point -128"""
    last = io.outputs[0]
    if last.dtype != "int8" or last.quant is None or zero_point(last) == -128:
        return None
    return f"its zero point is {zero_point(last)}"


constraints = (*squashing.rules, int8_output_from_zero)
