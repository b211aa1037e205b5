# SPDX-License-Identifier: Apache-2.0
"""Cases of gru."""

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
        matrices = [net.reals("w", (size, n_in), n_in**-0.5) for _ in "zrn"]
        matrices += [net.reals("r", (size, size), size**-0.5) for _ in "zrn"]
        biases = [net.reals("b", (size,)) for _ in "zrnc"]
        y = net.node("gru", [x, hidden, *matrices, *biases], **attrs)
        return recurrent.outputs_with_states(net, y, [] if constant else [hidden])

    return Case(f"gru/{what}", build, tolerance=5e-6, reason=SUMS_REORDERED)


CASES = (
    _case("one step", 1, 1, 5, 3),
    _case("several steps", 1, 5, 6, 7),
    _case("linear before reset", 1, 5, 6, 7, linear_before_reset=True),
    _case("batch", 3, 2, 4, 5),
    _case("batch, time first, backwards", 2, 4, 3, 5, time_major=True, reverse=True),
    _case(
        "constant start, linear before reset", 1, 3, 3, 5, constant=True, linear_before_reset=True
    ),
    _case("last step of odd many", 1, 5, 3, 4, every_step=False),
    _case("last step of even many, backwards", 2, 4, 3, 4, every_step=False, reverse=True),
    _case("one unit, one input", 1, 4, 1, 1, linear_before_reset=True),
)


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def scalar(op: Op) -> list[Array]:
    """ONNX's GRU, with the gates' biases of input and state already added."""
    w, r = ([a.tolist() for a in op.x[i : i + 3]] for i in (2, 5))
    b = [a.tolist() for a in op.x[8:]]

    def step(x: list[float], states: list[list[float]]) -> list[list[float]]:
        (hidden,) = states
        units = range(len(hidden))
        z, reset = (
            [
                _sigmoid(recurrent.dot(x, w[k][u]) + recurrent.dot(hidden, r[k][u]) + b[k][u])
                for u in units
            ]
            for k in (0, 1)
        )
        new = []
        for u in units:
            if op.attrs.linear_before_reset:
                inner = reset[u] * (recurrent.dot(hidden, r[2][u]) + b[3][u])
            else:
                let_through = [a * h for a, h in zip(reset, hidden, strict=True)]
                inner = recurrent.dot(let_through, r[2][u]) + b[3][u]
            n = math.tanh(recurrent.dot(x, w[2][u]) + inner + b[2][u])
            new.append((1 - z[u]) * n + z[u] * hidden[u])
        return [new]

    return recurrent.walked(op, op.x[1:2], step)
