# SPDX-License-Identifier: Apache-2.0
"""Cases of rnn."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cases import _recurrent as recurrent
from cases._case import SUMS_REORDERED, Case, Net
from cases._scalar import Array, Op


def _case(
    what: str, batch: int, steps: int, n_in: int, size: int, constant: bool = False, **attrs: Any
) -> Case:
    """constant: the state before is a constant, not a state of the graph."""

    def build(net: Net) -> list[str]:
        order = (steps, batch) if attrs.get("time_major") else (batch, steps)
        x = net.input("x", (*order, n_in))
        if constant:
            hidden = net.reals("h", (batch, size))
        else:
            hidden = net.state("h", np.zeros((batch, size), np.float32))
        w, r = net.reals("w", (size, n_in), n_in**-0.5), net.reals("r", (size, size), 0.5 / size)
        y = net.node("rnn", [x, hidden, w, r, net.reals("b", (size,))], **attrs)
        return recurrent.outputs_with_states(net, y, [] if constant else [hidden])

    return Case(f"rnn/{what}", build, tolerance=5e-6, reason=SUMS_REORDERED)


CASES = (
    _case("tanh", 1, 5, 6, 7),
    _case("sigmoid, batch", 3, 2, 4, 5, function="sigmoid"),
    _case("relu, time first", 2, 3, 4, 5, function="relu", time_major=True),
    _case("relu6, backwards", 1, 4, 3, 3, function="relu6", reverse=True),
    _case("relu_n1_to_1, constant start", 1, 3, 4, 5, function="relu_n1_to_1", constant=True),
    _case("none, last step", 1, 4, 3, 3, function="none", every_step=False),
    _case("one unit, one input, last of odd many", 2, 3, 1, 1, every_step=False),
)

_FUNCTIONS = {
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "relu_n1_to_1": lambda x: min(max(x, -1.0), 1.0),
    "none": lambda x: x,
}


def scalar(op: Op) -> list[Array]:
    w, r, b = (a.tolist() for a in op.x[2:])
    function = _FUNCTIONS[op.attrs.function]

    def step(x: list[float], states: list[list[float]]) -> list[list[float]]:
        (hidden,) = states
        sums = [
            recurrent.dot(x, w[u]) + recurrent.dot(hidden, r[u]) + b[u] for u in range(len(hidden))
        ]
        return [[function(total) for total in sums]]

    return recurrent.walked(op, op.x[1:2], step)
