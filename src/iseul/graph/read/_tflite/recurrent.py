# SPDX-License-Identifier: Apache-2.0
"""Ops that keep state in variable tensors: sequences of LSTM and RNN cells, SVDF.

A variable tensor among the inputs is a state of the graph; what the op leaves in it is an
output of the node.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.numerics.affine import per_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Node, Value
    from iseul.graph.read._tflite._operation import Operation


class UnidirectionalSequenceLSTMOptions:
    UNION = 71
    ACTIVATION = 0
    CELL_CLIP = 1
    PROJ_CLIP = 2
    TIME_MAJOR = 3
    DIAGONAL = 5


class SequenceRNNOptions:
    UNION = 31
    TIME_MAJOR = 0
    ACTIVATION = 1


class SVDFOptions:
    UNION = 6
    RANK = 0
    ACTIVATION = 1


_PLAIN = "train the model with plain LSTM layers (Keras' LSTM): no peepholes, projection or norms"
# inputs of an LSTM that only its variants have
_VARIANTS = {
    "peephole weights": range(9, 12),
    "a projection": range(16, 18),
    "layer normalization": range(20, 24),
}
_LSTM_INPUTS = 24


def _activation(op: Operation, number: int, known: Sequence[str]) -> str:
    """The function in an option field, by our names."""
    code = op.options.integer(number, "i1")
    name = f"number {code}"
    if 0 <= code < len(schema.ACTIVATIONS):
        name = schema.ACTIVATIONS[code]
    if name.lower() not in known:
        raise UnsupportedError(
            f"the activation is {name}, but must be one of {', '.join(known)}",
            "use one of these in the model",
        )
    return name.lower()


def _lstm(op: Operation) -> list[Node]:
    fields = UnidirectionalSequenceLSTMOptions
    for what, inputs in _VARIANTS.items():
        if any(i < len(op.inputs) and op.inputs[i] is not None for i in inputs):
            raise UnsupportedError(f"has {what}, but must be a plain LSTM", _PLAIN)
    if op.inputs[1:2] == (None,):
        raise UnsupportedError("has no input gate, but must have all four gates", _PLAIN)
    if op.options.flag(fields.DIAGONAL):
        raise UnsupportedError("has diagonal recurrent weights, but they must be whole", _PLAIN)
    _activation(op, fields.ACTIVATION, ("tanh",))
    clip = op.options.real(fields.CELL_CLIP)
    if not (np.isfinite(clip) and clip >= 0):
        raise DataError(f'{op.kind} "{op.name}" has cell clip {clip}, must be >= 0')
    x = op.input(0)
    weights = [op.input(i) for i in range(1, 9)]
    biases = [_bias(op, x, w, op.input(12 + i)) for i, w in enumerate(weights[:4])]
    hidden, cell = op.input(18), op.input(19)
    node = op.node(
        "lstm",
        [x, hidden, cell, *weights, *biases],
        [op.next_state(18), op.next_state(19)],
        time_major=op.options.flag(fields.TIME_MAJOR),
        cell_clip=clip,
    )
    return [node]


def _bias(op: Operation, x: Value, w: Value, bias: Value) -> Value:
    """An integer bias that states no scale gets the one that it has."""
    if bias.quant is not None or bias.data is None or x.quant is None or w.quant is None:
        return bias
    scale = float(np.float32(x.quant.scale[0]) * np.float32(w.quant.scale[0]))
    return op.added("bias", bias.data, per_tensor(scale))


def _svdf(op: Operation) -> list[Node]:
    fields = SVDFOptions
    rank = op.options.integer(fields.RANK, "i4")
    x, state = op.input(0), op.input(4)
    inputs = [x, state, op.input(1), op.input(2), op.inputs[3]]
    if x.is_float:
        activation = op.activation(fields.ACTIVATION)
    else:
        activation = "none"  # the reference clamps integers to int8 only, whatever is stated
    return [op.node("svdf", inputs, [op.next_state(4)], rank=rank, activation=activation)]


def _rnn(op: Operation) -> list[Node]:
    fields = SequenceRNNOptions
    known = ("none", "relu", "relu_n1_to_1", "relu6", "tanh")
    node = op.node(
        "rnn",
        [op.input(i) for i in (0, 4, 1, 2, 3)],
        [op.next_state(4)],
        time_major=op.options.flag(fields.TIME_MAJOR),
        function=_activation(op, fields.ACTIVATION, known),
    )
    return [node]


def _bidirectional(op: Operation) -> list[Node]:
    raise UnsupportedError(
        f"there is no reader for {op.kind}, as TensorFlow Lite Micro does not have it either",
        "make it two LSTM layers, one of them on the reversed sequence, and a concatenation",
    )


CONVERTERS: dict[str, Entry] = {
    "BIDIRECTIONAL_SEQUENCE_LSTM": Entry(_bidirectional, 48, outputs=None),
    "BIDIRECTIONAL_SEQUENCE_RNN": Entry(_bidirectional, 12, outputs=None),
    "SVDF": Entry(_svdf, 5, SVDFOptions.UNION),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": Entry(
        _lstm, _LSTM_INPUTS, UnidirectionalSequenceLSTMOptions.UNION
    ),
    "UNIDIRECTIONAL_SEQUENCE_RNN": Entry(_rnn, 5, SequenceRNNOptions.UNION),
}
