# SPDX-License-Identifier: Apache-2.0
"""LSTM, GRU and RNN, in one direction or both, with known weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx._layout import Const, Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.read._onnx._translate import Call, Translator
    from iseul.numerics import Array

    Made = tuple[str, ...]  # values of y and of the states behind it


@dataclass(frozen=True, eq=False)
class Layer:
    """A node's sequence and what all directions share.

    value:      the sequence, (B, T, I), or (T, B, I) if time_major
    every_step: whether somebody reads the outputs of all steps
    """

    value: str
    time_major: bool
    every_step: bool
    steps: int
    batch: int
    size: int
    batch_first: bool  # the file's layout attribute


def _layer(t: Translator, c: Call, n_gates: int, functions: tuple[str, ...]) -> Layer:
    """Checks what all three ops have in common."""
    x = t.whole(t.floats(t.tensor(c.operand(0))))
    if x.rank != 3:
        raise DataError(f"corrupt: {c.node.where} reads {x.shape}, must have 3 axes")
    batch_first = bool(c.attributes.integer("layout", 0))
    batch, steps = (x.shape[0], x.shape[1]) if batch_first else (x.shape[1], x.shape[0])
    stated = [name.lower() for name in c.attributes.texts("activations")]
    default = [name.lower() for name in functions] * (len(stated) // max(len(functions), 1))
    if stated and stated != default and c.node.op != "RNN":
        raise UnsupportedError(f"has activations {stated[:6]}", f"{', '.join(functions)}")
    if c.attributes.real("clip", 0.0) or c.attributes.integer("input_forget", 0):
        raise UnsupportedError("clips its sums or couples input and forget gates", "leave it out")
    if c.has(4):
        lengths = c.integers(4, "sequence_lens")
        if any(n != steps for n in lengths):
            raise UnsupportedError(f"stops at steps {list(lengths)[:6]} of {steps}", "full length")
    size = c.constant(2, "the recurrent weights").shape[-1]
    rows = c.constant(1, "the weights").shape[1:]
    if rows != (n_gates * size, x.shape[2]):
        raise DataError(f"corrupt: {c.node.where} has weights {rows} for {size} units of {x.shape}")
    first, second = (0, 1) if batch_first else (1, 0)
    batch_major = (first, second, 2)
    is_free = layout.keeps_order(x.stored, layout.moves(x.layout, batch_major))
    order = batch_major if is_free or x.layout == batch_major else (second, first, 2)
    value = t.stored(x, order)
    every = c.node.outputs[0] in t.n_readers
    return Layer(value, order != batch_major, every, steps, batch, size, batch_first)


def _directions(c: Call) -> tuple[bool, ...]:
    """Whether each direction runs backwards."""
    stated = c.attributes.text("direction", "forward")
    known = {"forward": (False,), "reverse": (True,), "bidirectional": (False, True)}
    if stated not in known:
        raise DataError(f"corrupt: {c.node.where} has direction {stated[:20]!r}")
    return known[stated]


def _gates(t: Translator, data: Array, order: tuple[int, ...], name: str) -> list[str]:
    """Constants of the gates' rows, in the graph's order."""
    size = data.shape[0] // (max(order) + 1)
    parts = [data[i * size : (i + 1) * size] for i in order]
    return [t.constant(part, f"{name}.{i}") for i, part in enumerate(parts)]


def _part(c: Call, i: int, direction: int, what: str, size: int) -> Array:
    """Weights or biases of a direction; absent biases are zero."""
    if not c.has(i):
        return np.zeros(size, np.float32)
    data = c.constant(i, what).data.astype(np.float32)
    if direction >= data.shape[0]:
        raise DataError(f"corrupt: {c.node.where} has {what} {data.shape}")
    found: Array = data[direction]
    return found


def _state(t: Translator, c: Call, i: int, direction: int, a: Layer) -> str:
    """The first state of a direction, (B, S); zeros where it is left out."""
    n = len(_directions(c))
    x = c.operand(i) if c.has(i) else None
    if x is None:
        return t.constant(np.zeros((a.batch, a.size), np.float32), f"{c.name}.zeros")
    shape = (a.batch, n, a.size) if a.batch_first else (n, a.batch, a.size)
    if x.shape != shape:
        raise DataError(f"corrupt: {c.node.where} has a state {x.shape}, must be {shape}")
    if isinstance(x, Const):
        data = x.data[:, direction] if a.batch_first else x.data[direction]
        return t.constant(data.astype(np.float32), f"{x.name}.{direction}")
    if n > 1:
        raise UnsupportedError("takes the states of two directions from outside", "one direction")
    return t.reshape_value(t.plain(x), (a.batch, a.size))


def _run(
    t: Translator, c: Call, a: Layer, n_states: int, make: Callable[[int, bool], Made]
) -> list[Tensor]:
    """Y and the last states of all directions; make: gives the values of one direction."""
    made = [make(i, reverse) for i, reverse in enumerate(_directions(c))]
    n = len(made)
    found = []
    for k in range(n_states + 1):
        values = [one[k] for one in made]
        value = values[0]
        if n > 1:
            value = t.node("concatenation", values, f"{c.name}.both_{k}", axis=-1)
        if k == 0 and a.every_step:
            # stored (B, T, directions, S), or (T, B, ..)
            first, second = (a.steps, a.batch) if a.time_major else (a.batch, a.steps)
            value = t.reshape_value(value, (first, second, n, a.size))
            if a.batch_first:  # the file's (B, T, directions, S)
                order = (1, 0, 2, 3) if a.time_major else (0, 1, 2, 3)
                shape = (a.batch, a.steps, n, a.size)
            else:  # the file's (T, directions, B, S)
                order = (0, 2, 1, 3) if a.time_major else (2, 0, 1, 3)
                shape = (a.steps, n, a.batch, a.size)
            found.append(Tensor(value, shape, order))
            continue
        value = t.reshape_value(value, (a.batch, n, a.size))
        if a.batch_first:
            found.append(Tensor(value, (a.batch, n, a.size), (0, 1, 2)))
        else:
            found.append(Tensor(value, (n, a.batch, a.size), (1, 0, 2)))
    return found


def _node(t: Translator, c: Call, a: Layer, op: str, inputs: list[str], **attrs: Any) -> Made:
    first = t.node(
        op,
        [a.value, *inputs],
        c.name,
        time_major=a.time_major,
        every_step=a.every_step,
        **attrs,
    )
    return t.builder.outputs_of(first)


def lstm(t: Translator, c: Call) -> list[Tensor]:
    a = _layer(t, c, 4, ("Sigmoid", "Tanh", "Tanh"))
    if c.has(7) and np.any(c.constant(7, "the peepholes").data):
        raise UnsupportedError("has peepholes", "an LSTM without peepholes")
    order = (0, 2, 3, 1)  # the file's i, o, f, c as i, f, g, o

    def make(i: int, reverse: bool) -> Made:
        biases = _part(c, 3, i, "the biases", 8 * a.size).reshape(2, -1).sum(axis=0)
        inputs = [_state(t, c, 5, i, a), _state(t, c, 6, i, a)]
        inputs += _gates(t, _part(c, 1, i, "the weights", 0), order, f"{c.name}.w{i}")
        inputs += _gates(t, _part(c, 2, i, "the recurrent weights", 0), order, f"{c.name}.r{i}")
        inputs += _gates(t, biases, order, f"{c.name}.b{i}")
        return _node(t, c, a, "lstm", inputs, reverse=reverse)

    return _run(t, c, a, 2, make)


def gru(t: Translator, c: Call) -> list[Tensor]:
    a = _layer(t, c, 3, ("Sigmoid", "Tanh"))
    order = (0, 1, 2)

    def make(i: int, reverse: bool) -> Made:
        outer, inner = _part(c, 3, i, "the biases", 6 * a.size).reshape(2, 3, a.size)
        # z and r add both biases; n keeps them apart
        biases = [outer[0] + inner[0], outer[1] + inner[1], outer[2], inner[2]]
        inputs = [_state(t, c, 5, i, a)]
        inputs += _gates(t, _part(c, 1, i, "the weights", 0), order, f"{c.name}.w{i}")
        inputs += _gates(t, _part(c, 2, i, "the recurrent weights", 0), order, f"{c.name}.r{i}")
        inputs += [t.constant(bias, f"{c.name}.b{i}.{k}") for k, bias in enumerate(biases)]
        linear = bool(c.attributes.integer("linear_before_reset", 0))
        return _node(t, c, a, "gru", inputs, reverse=reverse, linear_before_reset=linear)

    return _run(t, c, a, 1, make)


_FUNCTIONS = {"tanh": "tanh", "relu": "relu", "sigmoid": "sigmoid"}


def rnn(t: Translator, c: Call) -> list[Tensor]:
    a = _layer(t, c, 1, ("Tanh",))
    stated = [name.lower() for name in c.attributes.texts("activations")] or ["tanh"]
    if any(name not in _FUNCTIONS for name in stated):
        raise UnsupportedError(f"has activations {stated[:6]}", ", ".join(_FUNCTIONS))

    def make(i: int, reverse: bool) -> Made:
        bias = _part(c, 3, i, "the biases", 2 * a.size).reshape(2, -1).sum(axis=0)
        inputs = [
            _state(t, c, 5, i, a),
            t.constant(_part(c, 1, i, "the weights", 0), f"{c.name}.w{i}"),
            t.constant(_part(c, 2, i, "the recurrent weights", 0), f"{c.name}.r{i}"),
            t.constant(bias, f"{c.name}.b{i}"),
        ]
        function = _FUNCTIONS[stated[min(i, len(stated) - 1)]]
        return _node(t, c, a, "rnn", inputs, reverse=reverse, function=function)

    return _run(t, c, a, 1, make)


CONVERTERS = {"GRU": gru, "LSTM": lstm, "RNN": rnn}
