# SPDX-License-Identifier: Apache-2.0
"""Hyperbolic tangent of each element.

int8:   gemmlowp's fixed point; the output's scale is taken as 1/128 and its zero point as 0
int16:  straight lines in a table; the output has scale 2^-15
See `_squashing`.
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _squashing as squashing
from iseul.numerics import fixed_point, gate
from iseul.numerics.requantize import rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer
constraints = squashing.rules

EXACT_SHIFTS = (0, 1)  # of int16 inputs


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        return [np.tanh(x)]
    x = x.astype(np.int64)
    if io.dtype == "int16":
        q = squashing.of_int16(x, io, EXACT_SHIFTS, gate.tanh_q15, gate.logistic_table())
        return [q.astype(np.int16)]
    q = rounding_divide_by_pot(squashing.of_int8(x, io, fixed_point.tanh), 24)
    return [np.clip(q, -128, 127).astype(np.int8)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    x = inputs[0]
    if io.outputs[0].is_float:
        return [x.tanh()]
    if io.dtype == "int16":
        table = squashing.torch_table(x)
        return [squashing.of_int16(x, io, EXACT_SHIFTS, gate.tanh_q15, table)]
    return [pointwise.every_integer(run, attrs, x, io)]
