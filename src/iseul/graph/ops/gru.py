# SPDX-License-Identifier: Apache-2.0
"""Gated recurrent unit over a sequence; the state goes in and comes out. Float only.

For each step, with W of the step's input x, R of the hidden state h:

    z, r = sigmoid(W x + b + R h)
    n = tanh(W x + b + R (r h) + c), or with `linear_before_reset` tanh(W x + b + r (R h + c))
    h' = (1 - z) n + z h, which is also the step's output

Cho et al.: Learning Phrase Representations using RNN Encoder-Decoder, 2014. The two forms of n
are those of ONNX's GRU; Keras and PyTorch have the second one.
Inputs: x; hidden state; W of z, r, n, each (S, I); R of z, r, n, each (S, S); b of z, r, n and
        c, each (S). Sequences and states: `_recurrent.py`.
Outputs: y, next hidden state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _recurrent as recurrent
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

X, HIDDEN = 0, 1
WEIGHTS, RECURRENT, BIASES = slice(2, 5), slice(5, 8), slice(8, 12)


class Attrs(Config):
    time_major: recurrent.TimeMajor = False
    reverse: recurrent.Reverse = False
    every_step: recurrent.EveryStep = True
    linear_before_reset: bool = Field(
        default=False, description="the reset gate r acts on R h, not on h"
    )


BATCHED = recurrent.batch_axis_is_first


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """y and the hidden state. Raises ShapeError."""
    expect_inputs(inputs, 12)
    x, hidden = inputs[X].shape, inputs[HIDDEN]
    batch, _, n_in = recurrent.sizes(attrs.time_major, x)
    size = inputs[BIASES.start].shape[0] if inputs[BIASES.start].shape else 0
    recurrent.expect_shapes(inputs[BIASES], (size,), "bias")
    recurrent.expect_shapes(inputs[WEIGHTS], (size, n_in), "weights")
    recurrent.expect_shapes(inputs[RECURRENT], (size, size), "recurrent weights")
    recurrent.expect_state(hidden, batch, size)
    return recurrent.output_shape(attrs, x, size), hidden.shape


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return _run(attrs, inputs, io, recurrent.real_function, np.stack)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, differentiable."""
    import torch

    return _run(attrs, inputs, io, recurrent.torch_function, torch.stack)


def _run(
    attrs: Attrs,
    inputs: Sequence[Any],
    io: Io,
    function: Callable[[str], Callable[[Any], Any]],
    stack: Any,
) -> list[Any]:
    sigmoid, tanh = function("sigmoid"), function("tanh")
    w_z, w_r, w_n = inputs[WEIGHTS]
    r_z, r_r, r_n = inputs[RECURRENT]
    b_z, b_r, b_n, c = inputs[BIASES]

    def step(x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        (hidden,) = states
        z = sigmoid((x @ w_z.T + b_z) + hidden @ r_z.T)
        r = sigmoid((x @ w_r.T + b_r) + hidden @ r_r.T)
        if attrs.linear_before_reset:
            inner = r * (hidden @ r_n.T + c)
        else:
            inner = (r * hidden) @ r_n.T + c
        n = tanh((x @ w_n.T + b_n) + inner)
        return ((1 - z) * n + z * hidden,)

    states = (recurrent.rows_of(inputs[HIDDEN], w_z.shape[0]),)
    y, (hidden,) = recurrent.walk(attrs, inputs[X], states, step, stack)
    return [y, recurrent.shaped(hidden, io.outputs[HIDDEN])]


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates of the matrix products."""
    batch, steps, n_in = recurrent.sizes(attrs.time_major, io.inputs[X].shape)
    size = io.inputs[BIASES.start].shape[0]
    return batch * steps * 3 * size * (n_in + size)


constraints = (quantized.all_float, recurrent.weights_and_biases_are_constant)
