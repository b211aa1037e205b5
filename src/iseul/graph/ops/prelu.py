# SPDX-License-Identifier: Apache-2.0
"""PReLU: x where x >= 0, alpha * x elsewhere; alpha broadcasts to x.

int8, int16: q - zero_point scaled to the output by s_in / s_out, below zero times
             alpha - zp_alpha and by s_in s_alpha / s_out (TensorFlow Lite Micro:
             reference/prelu.h, prelu_common.cc); with int16 alpha is int8
Inputs: x, alpha.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import ShapeError
from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape of x. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, alpha = inputs
    if broadcast.shape_of(inputs) != x.shape:
        raise ShapeError(f"alpha of shape {alpha.shape} does not broadcast to {x.shape}")
    return (x.shape,)


def multipliers(io: Io) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier, shift) from zero on, and below it."""
    s_in, s_alpha, s_out = (
        np.float64(quantized.quant_of(value).scale[0]) for value in (*io.inputs, *io.outputs)
    )
    return quantize_multiplier(float(s_in / s_out)), quantize_multiplier(
        float(s_in * s_alpha / s_out)
    )


def run(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, alpha = inputs
    if io.outputs[0].is_float:
        with np.errstate(all="ignore"):
            return [np.where(x >= 0, x, x * alpha)]
    return [_integers(x.astype(np.int64), alpha.astype(np.int64), io).astype(io.dtype)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x, alpha = inputs
    if io.outputs[0].is_float:
        return [torch.where(x >= 0, x, x * alpha)]
    return [_integers(x, alpha, io)]


def _integers(x: Any, alpha: Any, io: Io) -> Any:
    """int64 arrays or tensors of q to those of the output."""
    x, alpha = (x - quantized.zero_point(io.inputs[0]), alpha - quantized.zero_point(io.inputs[1]))
    above, below = multipliers(io)
    is_below = (x < 0) * 1
    q = requantize(x * (1 - is_below), *above) + requantize(x * alpha * is_below, *below)
    return quantized.clamp_integers(q + quantized.zero_point(io.outputs[0]), io)


def kinds(attrs: Any, io: Io) -> str | None:
    """values are all float32 or all int8, or int16 with an int8 alpha"""
    found = tuple(value.dtype for value in (*io.inputs, *io.outputs))
    if found in (("float32",) * 3, ("int8",) * 3, ("int16", "int8", "int16")):
        return None
    return ", ".join(f'"{value.name}" is {value.dtype}' for value in (*io.inputs, *io.outputs))


def results_fit(attrs: Any, io: Io) -> str | None:
    """scaled values and products fit into 31 bits"""
    if not broadcast.is_quantized(io):
        return None
    (_, above), (_, below) = multipliers(io)
    x, alpha = (broadcast.reach(value) for value in io.inputs)
    if max(x << max(above, 0), x * alpha << max(below, 0)) <= 2**30:
        return None
    return f"values up to {x:,} and {x * alpha:,} are shifted left by {above} and {below}"


constraints = (kinds, broadcast.quantized_by_kind, results_fit)
