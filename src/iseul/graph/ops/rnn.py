# SPDX-License-Identifier: Apache-2.0
"""Simple recurrent layer over a sequence; the state goes in and comes out. Float only.

For each step h' = function(W x + b + R h), which is also the step's output.

Inputs: x; hidden state; W (S, I); R (S, S); b (S). Sequences and states: `_recurrent.py`.
Outputs: y, next hidden state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _recurrent as recurrent
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

X, HIDDEN, WEIGHTS, RECURRENT, BIAS = range(5)


class Attrs(Config):
    time_major: recurrent.TimeMajor = False
    reverse: recurrent.Reverse = False
    every_step: recurrent.EveryStep = True
    function: Literal["none", "relu", "relu6", "relu_n1_to_1", "tanh", "sigmoid"] = Field(
        default="tanh", description="what the sum passes on its way to h"
    )


BATCHED = recurrent.batch_axis_is_first


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """y and the hidden state. Raises ShapeError."""
    expect_inputs(inputs, 5)
    x, hidden = inputs[X].shape, inputs[HIDDEN]
    batch, _, n_in = recurrent.sizes(attrs.time_major, x)
    size = inputs[BIAS].shape[0] if inputs[BIAS].shape else 0
    recurrent.expect_shapes(inputs[BIAS:], (size,), "bias")
    recurrent.expect_shapes(inputs[WEIGHTS:RECURRENT], (size, n_in), "weights")
    recurrent.expect_shapes(inputs[RECURRENT:BIAS], (size, size), "recurrent weights")
    recurrent.expect_state(hidden, batch, size)
    return recurrent.output_shape(attrs, x, size), hidden.shape


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return _run(attrs, inputs, io, recurrent.real_function(attrs.function), np.stack)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    import torch

    return _run(attrs, inputs, io, recurrent.torch_function(attrs.function), torch.stack)


def _run(attrs: Attrs, inputs: Sequence[Any], io: Io, function: Any, stack: Any) -> list[Any]:
    x, hidden, w, r, b = inputs

    def step(x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        return (function((x @ w.T + b) + states[0] @ r.T),)

    states = (recurrent.rows_of(hidden, w.shape[0]),)
    y, (hidden,) = recurrent.walk(attrs, x, states, step, stack)
    return [y, recurrent.shaped(hidden, io.outputs[HIDDEN])]


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates of the matrix products."""
    batch, steps, n_in = recurrent.sizes(attrs.time_major, io.inputs[X].shape)
    size = io.inputs[BIAS].shape[0]
    return batch * steps * size * (n_in + size)


constraints = (quantized.all_float, recurrent.weights_and_biases_are_constant)
