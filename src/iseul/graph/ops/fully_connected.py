# SPDX-License-Identifier: Apache-2.0
"""Fully connected: y = clamp(x @ w.T + b), with bias and fused activation.

int8:   the sum runs over (x - zp_in) in int32, then requantize, + zp_out, clamp
        (TensorFlow Lite Micro: reference/integer_ops/fully_connected.h)
Inputs: x (N, ...), weights (O, I), bias (O) optional. Without `keep_dims` each sample is
        flattened to I values and the output is (N, O); with it the last axis I becomes O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _hybrid as hybrid
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._hybrid import INPUT_QUANTIZATION, InputQuantization
from iseul.graph.ops._shape import REQUANTIZATION, expect_inputs
from iseul.numerics.affine import Activation
from iseul.numerics.float_requantize import Requantization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    activation: Activation = Field(default="none", description="clamp fused into the output")
    requantization: Requantization = REQUANTIZATION
    input_quantization: InputQuantization = INPUT_QUANTIZATION
    keep_dims: bool = Field(
        default=False, description="true: map the last axis; false: flatten each sample first"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Output shape (N, O), or (..., O) with keep_dims. Raises ShapeError."""
    expect_inputs(inputs, 2, 3)
    x, w = inputs[0].shape, inputs[1].shape
    if len(w) != 2 or len(x) < 2 or min(*x, *w) < 1:
        raise ShapeError(f"input {x} and weights {w} do not fit: must be (N, ...) and (O, I)")
    n = x[-1] if attrs.keep_dims else int(np.prod(x[1:]))
    if n != w[1]:
        raise ShapeError(f"weights {w} take {w[1]} values, input {x} gives {n}")
    if len(inputs) > 2 and inputs[2].shape != (w[0],):
        raise ShapeError(f"bias has shape {inputs[2].shape}, must be ({w[0]},)")
    return ((*x[:-1], w[0]) if attrs.keep_dims else (x[0], w[0]),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0].reshape(-1, inputs[1].shape[1])
    y = hybrid.run(attrs, x, inputs, io, 0, lambda x, w: x @ w.T)
    return [y.reshape(*_leading(attrs, inputs[0]), -1)]


def _leading(attrs: Attrs, x: Any) -> Shape:
    return tuple(x.shape[:-1] if attrs.keep_dims else x.shape[:1])


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    x = inputs[0].reshape(-1, inputs[1].shape[1])
    y = hybrid.run_torch(attrs, x, inputs, io, lambda x, w: x @ w.T)
    return [y.reshape(*_leading(attrs, inputs[0]), -1)]


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates."""
    return io.outputs[0].n_elements * io.inputs[1].shape[1]


constraints = (*quantized.weighted_rules(0), hybrid.dynamic_for_integer_weights)
