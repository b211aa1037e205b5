# SPDX-License-Identifier: Apache-2.0
"""Lookup: any function of one int8, given as its 256 results.

y = table[x + 128]. Quantized elementwise ops of ONNX files become one: what ONNX Runtime
computes for each of the 256 integers is known while the file is read.
Reals: the table's results as reals, with straight lines between them.
Inputs: x of any shape, int8; table (256) int8, a constant, the result of -128 first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
_RESULTS = 256


class Attrs(Config):
    in_scale: float = Field(default=1.0, gt=0, le=3e38, description="scale of x, for reals")
    in_zero_point: int = Field(default=0, ge=-128, le=127, description="zero point of x")
    scale: float = Field(default=1.0, gt=0, le=3e38, description="scale of y, for reals")
    zero_point: int = Field(default=0, ge=-128, le=127, description="zero point of y")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape of x. Raises ShapeError."""
    expect_inputs(inputs, 2)
    if inputs[1].shape != (_RESULTS,):
        raise ShapeError(f"table has shape {inputs[1].shape}, must be ({_RESULTS},)")
    return (inputs[0].shape,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [inputs[1][inputs[0].astype(np.int64) + 128]]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: exact on int64 tensors, differentiable on reals."""
    x, table = inputs
    if not io.outputs[0].is_float:
        return [table[x + 128]]
    real = (table.float() - attrs.zero_point) * attrs.scale
    place = (x / attrs.in_scale + (attrs.in_zero_point + 128)).clamp(0, _RESULTS - 1)
    left = place.detach().floor().clamp(max=_RESULTS - 2).long()
    return [real[left] + (place - left) * (real[left + 1] - real[left])]


def int8_by_a_constant_table(attrs: Attrs, io: Io) -> str | None:
    """x, table and result are int8, and the table is a constant"""
    values = (*io.inputs, *io.outputs)
    other = [f'"{value.name}" is {value.dtype}' for value in values if value.dtype != "int8"]
    if not io.inputs[1].is_constant:
        other.append(f'"{io.inputs[1].name}" is computed at run time')
    return ", ".join(other) or None


def states_its_quantizations(attrs: Attrs, io: Io) -> str | None:
    """the attributes repeat scale and zero point of x and y"""
    first, last = io.inputs[0].quant, io.outputs[0].quant
    stated = (attrs.in_scale, attrs.in_zero_point, attrs.scale, attrs.zero_point)
    if first is None or last is None:
        return None  # another rule says so
    held = (first.scale[0], first.zero_point[0], last.scale[0], last.zero_point[0])
    return None if stated == held else f"{stated} and {held}"


constraints = (
    int8_by_a_constant_table,
    quantized.quantized_per_tensor,
    states_its_quantizations,
)
