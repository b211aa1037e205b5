# SPDX-License-Identifier: Apache-2.0
"""Select: a where a condition is true, b elsewhere, with numpy's broadcasting of all three.

Numbers of any kind are handed on as they are (TensorFlow Lite Micro: micro/kernels/select.cc,
SELECT_V2), so integers have the same scales.
Inputs: condition (bool), a, b.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The broadcast shape of the three. Raises ShapeError."""
    expect_inputs(inputs, 3)
    return (broadcast.shape_of(inputs),)


def run(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning."""
    condition, a, b = inputs
    return [np.where(condition, a, b)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: differentiable in a and b; the condition may be any number, 0 is false."""
    import torch

    condition, a, b = inputs
    return [torch.where(condition != 0, a, b)]


def condition_is_bool(attrs: Any, io: Io) -> str | None:
    """the condition is bool"""
    condition = io.inputs[0]
    return None if condition.dtype == "bool" else f'"{condition.name}" is {condition.dtype}'


def choices_of_one_kind(attrs: Any, io: Io) -> str | None:
    """both choices have the result's dtype, which is not int4"""
    out = io.outputs[0]
    odd = [v for v in io.inputs[1:] if v.dtype != out.dtype or v.dtype == "int4"]
    if not odd:
        return None
    return f'"{odd[0].name}" is {odd[0].dtype}, "{out.name}" is {out.dtype}'


constraints = (condition_is_bool, choices_of_one_kind, broadcast.quantized_alike)
