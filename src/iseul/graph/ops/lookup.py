# SPDX-License-Identifier: Apache-2.0
"""Lookup: any function of one int8, given as its 256 results.

y = table[x + 128]. Quantized elementwise ops of ONNX files become one: what ONNX Runtime
computes for each of the 256 integers is known while the file is read.
Inputs: x of any shape, int8; table (256) int8, a constant, the result of -128 first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.config import Config
from iseul.core.errors import ShapeError, UnsupportedError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
_RESULTS = 256


class Attrs(Config):
    pass


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
    """torch meaning: exact on int64 tensors. Raises UnsupportedError for reals."""
    if io.outputs[0].is_float:
        raise UnsupportedError(
            f'"{io.outputs[0].name}" is a table of integers and has no meaning on reals',
            "start from the float model",
        )
    return [inputs[1][inputs[0] + 128]]


def int8_by_a_constant_table(attrs: Attrs, io: Io) -> str | None:
    """x, table and result are int8, and the table is a constant"""
    values = (*io.inputs, *io.outputs)
    other = [f'"{value.name}" is {value.dtype}' for value in values if value.dtype != "int8"]
    if not io.inputs[1].is_constant:
        other.append(f'"{io.inputs[1].name}" is computed at run time')
    return ", ".join(other) or None


constraints = (int8_by_a_constant_table, quantized.quantized_per_tensor)
