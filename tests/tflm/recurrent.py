# SPDX-License-Identifier: Apache-2.0
"""Random ops that keep state, several invokes in a row."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.random import Generator

from iseul.graph.read._tflite.recurrent import (
    SequenceRNNOptions,
    SVDFOptions,
    UnidirectionalSequenceLSTMOptions,
)
from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model

STEPS = 4
VARIABLE = ("u1", 1)
TANH = 4


def _whole(rng: Generator, shape: tuple[int, ...], most: int = 127) -> np.ndarray:
    return rng.integers(-most, most + 1, shape)


def lstm(rng: Generator, kind: str) -> Single:
    """kind: of the activations."""
    net = Model()
    batch, steps, n_in, size = a_shape(rng, 4, 9)
    batch = batch % 3 + 1
    time_major = bool(rng.random() < 0.5)
    order = (steps, batch) if time_major else (batch, steps)
    is_float = kind == "float32"
    s_x, s_h = a_scale(rng, 1e-3, 0.1), float(rng.choice([1 / 128, a_scale(rng, 2e-3, 2e-2)]))
    if kind == "int16":
        s_x, s_h = s_x / 256, float(rng.choice([2.0**-15, s_h / 256]))
    z_x, z_h = (a_zero_point(rng), a_zero_point(rng)) if kind == "int8" else (0, 0)
    s_cell = 2.0 ** -int(rng.integers(5, 15))

    def state(dtype: str, scale: float, zero_point: int) -> int:
        stated = {} if is_float else {"scale": scale, "zero_point": zero_point}
        shape = (batch, size) if batch > 1 or rng.random() < 0.8 else (1, size)
        return net.tensor(shape, "float32" if is_float else dtype, f5=VARIABLE, **stated)

    def weights(n: int) -> tuple[int, float]:
        # sums reach a few units before the sigmoid
        scale = a_scale(rng, 0.2, 6.0) / (s_x if n == n_in else s_h) / 5000 / n**0.5
        if is_float:
            data = rng.normal(0, n**-0.5, (size, n))
            return net.tensor((size, n), "float32", data=data), 1.0
        return net.tensor((size, n), scale=scale, data=_whole(rng, (size, n))), scale

    x = net.tensor((*order, n_in), kind, **({} if is_float else {"scale": s_x, "zero_point": z_x}))
    into = [weights(n_in) for _ in range(4)]
    back = [weights(size)[0] for _ in range(4)]
    biases = []
    for _, scale in into:
        if is_float:
            biases.append(net.tensor((size,), "float32", data=rng.normal(size=size)))
            continue
        product = np.float32(scale) * np.float32(s_x)
        data = (rng.normal(0, 1, size) / product).astype(np.int64)
        dtype = "int32" if kind == "int8" else "int64"
        biases.append(net.tensor((size,), dtype, scale=product, data=data))
    hidden, cell = state(kind, s_h, z_h), state("int16", s_cell, 0)
    y = net.tensor((*order, size), kind, **({} if is_float else {"scale": s_h, "zero_point": z_h}))
    fields = UnidirectionalSequenceLSTMOptions
    options = {
        fields.ACTIVATION: ("i1", TANH),
        fields.CELL_CLIP: ("f4", float(rng.choice([0.0, 10.0, rng.uniform(0.05, 2)]))),
        fields.TIME_MAJOR: ("u1", int(time_major)),
    }
    inputs = [x, *(w for w, _ in into), *back, -1, -1, -1, *biases, -1, -1, hidden, cell]
    net.operator(
        "UNIDIRECTIONAL_SEQUENCE_LSTM", [*inputs, -1, -1, -1, -1], [y], options, fields.UNION
    )
    return Single(net, [x], [y], rtol=2e-6 if is_float else 0.0, steps=STEPS, largest=1.0)


def svdf(rng: Generator, state: str) -> Single:
    """state: dtype of the state and of the weights over time."""
    net = Model()
    batch, n_in, memory, units, rank = a_shape(rng, 5, 7)
    batch, rank = batch % 3 + 1, rank % 3 + 1
    filters = units * rank
    is_float = state == "float32"
    s_x, s_feature, s_time = a_scale(rng, 1e-3, 0.1), a_scale(rng, 1e-3, 0.1), a_scale(rng)
    reach = 127 if state == "int8" else 32767
    s_time = s_time if state == "int8" else s_time / 256
    s_state = s_x * s_feature * 74 * 74 * n_in**0.5 / reach * a_scale(rng, 0.5, 4)
    s_y = s_state * s_time * (reach / 2) ** 2 * (memory * rank) ** 0.5 / 127 * a_scale(rng, 0.5, 4)

    def tensor(shape: tuple[int, ...], dtype: str, scale: float, zero_point: int = 0, **more):
        stated = {} if is_float else {"scale": scale, "zero_point": zero_point}
        return net.tensor(shape, "float32" if is_float else dtype, **stated, **more)

    def drawn(shape: tuple[int, ...], most: int) -> np.ndarray:
        return rng.normal(size=shape) if is_float else _whole(rng, shape, most)

    x = tensor((batch, n_in), "int8", s_x, a_zero_point(rng))
    feature = tensor((filters, n_in), "int8", s_feature, data=drawn((filters, n_in), 127))
    time = tensor((filters, memory), state, s_time, data=drawn((filters, memory), reach))
    # the reference compares scales, with an absolute tolerance
    bias = tensor((units,), "int32", s_state * s_time, data=drawn((units,), 20_000))
    zero = a_zero_point(rng) if state == "int8" else 0
    kept = tensor((batch, filters * memory), state, s_state, zero, f5=VARIABLE)
    y = tensor((batch, units), "int8", s_y, a_zero_point(rng))
    options = {
        SVDFOptions.RANK: ("i4", rank),
        SVDFOptions.ACTIVATION: ("i1", int(rng.choice([0, 1, 3]))),
    }
    net.operator("SVDF", [x, feature, time, bias, kept], [y], options, SVDFOptions.UNION)
    return Single(net, [x], [y], rtol=2e-6 if is_float else 0.0, steps=memory + 3, largest=1.0)


def rnn(rng: Generator) -> Single:
    net = Model()
    batch, steps, n_in, size = a_shape(rng, 4, 6)
    time_major = bool(rng.random() < 0.5)
    order = (steps, batch) if time_major else (batch, steps)
    x, y = (net.tensor((*order, n), "float32") for n in (n_in, size))
    constants = [
        net.tensor(shape, "float32", data=rng.normal(0, 0.5, shape))
        for shape in ((size, n_in), (size, size), (size,))
    ]
    hidden = net.tensor((batch, size), "float32", f5=VARIABLE)
    options = {
        SequenceRNNOptions.TIME_MAJOR: ("u1", int(time_major)),
        SequenceRNNOptions.ACTIVATION: ("i1", int(rng.choice([1, 3, TANH]))),
    }
    net.operator("UNIDIRECTIONAL_SEQUENCE_RNN", [x, *constants, hidden], [y], options, 31)
    return Single(net, [x], [y], rtol=2e-6, steps=STEPS, largest=1.0, runtime="litert")


CASES = {
    "rnn": rnn,
    "lstm_s8": partial(lstm, kind="int8"),
    "lstm_s16": partial(lstm, kind="int16"),
    "lstm_f32": partial(lstm, kind="float32"),
    "svdf_state_s8": partial(svdf, state="int8"),
    "svdf_state_s16": partial(svdf, state="int16"),
    "svdf_f32": partial(svdf, state="float32"),
}
