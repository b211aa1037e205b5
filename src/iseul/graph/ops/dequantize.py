# SPDX-License-Identifier: Apache-2.0
"""Dequantize: integers to the reals that they stand for, scale * (q - zero_point) in float32.

Inputs: x of any shape, integer with one scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import same_shape
from iseul.numerics import affine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [affine.dequantize(inputs[0], quantized.quant_of(io.inputs[0]))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning; reals (fake-quantized graphs) pass unchanged."""
    first = io.inputs[0]
    if first.is_float:
        return [inputs[0]]
    centred = (inputs[0] - quantized.zero_point(first)).float()
    return [centred * quantized.quant_of(first).scale[0]]


def integers_to_float(attrs: Attrs, io: Io) -> str | None:
    """int8, uint8, int16 or int32 goes to float32"""
    first, last = io.inputs[0].dtype, io.outputs[0].dtype
    if first in ("int8", "uint8", "int16", "int32") and last == "float32":
        return None
    return f"input is {first}, output is {last}"


constraints = (integers_to_float, quantized.quantized_per_tensor)
