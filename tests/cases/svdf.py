# SPDX-License-Identifier: Apache-2.0
"""Cases of svdf."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases import _recurrent as recurrent
from cases._case import SUMS_REORDERED, Case, Net, quant
from cases._scalar import Array, Op, clamp, multiply, quantize_multiplier, scale, zero

_INSIDE = {"fake_quantize": "the newest is rounded before it is used, reals are not"}


def _integers(
    what: str,
    batch: int,
    n_in: int,
    units: int,
    memory: int,
    *,
    kind: str = "int8",
    zero_in: int = 3,
    zero_state: int = 0,
    zero_out: int = -7,
    scale_in: float = 0.05,
    scale_feature: float = 0.01,
    scale_time: float = 0.02,
    wide_state: float = 1.0,
    wide_out: float = 1.0,
    bias: bool = True,
    largest_time: int = 127,
    rank: int = 1,
    lowest: float = 0.0,
    **attrs: Any,
) -> Case:
    """kind: of the state. wide_state, wide_out: how much of the range is left empty. lowest: which
    part of the weights for features is -128.
    """

    def build(net: Net) -> list[str]:
        reach = 50 if kind == "int8" else 12000
        s_state = wide_state * scale_in * scale_feature * 74 * 74 * n_in**0.5 / reach
        s_out = wide_out * s_state * scale_time * reach * largest_time / 2 * (rank * memory) ** 0.5
        filters = units * rank
        x = net.input("x", (batch, n_in), "int8", quant(scale_in, zero_in))
        start = np.full((batch, filters * memory), zero_state, kind)
        state = net.state("s", start, quant(s_state, zero_state))
        feature = net.random.integers(-127, 127, (filters, n_in), endpoint=True)
        feature[net.random.random(feature.shape) < lowest] = -128
        time = net.random.integers(-largest_time, largest_time, (filters, memory), endpoint=True)
        values = [
            *(x, state),
            net.constant("feature", feature.astype(np.int8), quant=quant(scale_feature)),
            net.constant("time", time.astype(kind), quant=quant(scale_time)),
        ]
        if bias:
            data = net.random.integers(-5000, 5000, units, endpoint=True).astype(np.int32)
            q_b = quant(float(np.float32(s_state) * np.float32(scale_time)))
            values.append(net.constant("b", data, quant=q_b))
        y = net.node(
            "svdf",
            values,
            dtype=("int8", kind),
            quant=(quant(s_out / 50, zero_out), quant(s_state, zero_state)),
            rank=rank,
            **attrs,
        )
        return recurrent.outputs_with_states(net, y, [state])

    return Case(f"svdf/{what}", build, skips=_INSIDE)


def _floats(what: str, batch: int, n_in: int, units: int, memory: int, **attrs: Any) -> Case:
    rank = attrs.get("rank", 1)
    filters = units * rank

    def build(net: Net) -> list[str]:
        x = net.input("x", (batch, n_in))
        state = net.state("s", net.random.normal(size=(batch, filters * memory)).astype(np.float32))
        feature, time = net.reals("feature", (filters, n_in)), net.reals("time", (filters, memory))
        y = net.node("svdf", [x, state, feature, time, net.reals("b", (units,))], **attrs)
        return recurrent.outputs_with_states(net, y, [state])

    return Case(f"svdf/{what}", build, tolerance=2e-5, reason=SUMS_REORDERED)


CASES = (
    _integers("int8 state", 1, 5, 4, 3),
    _integers("int8 state, rank 2, batch", 3, 6, 3, 4, rank=2, zero_state=5),
    _integers("memory of one", 1, 5, 4, 1),
    _integers("one of each", 1, 1, 1, 1),
    _integers("no bias", 1, 4, 3, 5, bias=False),
    _integers("zero point wraps", 1, 5, 6, 3, zero_state=-50, wide_state=0.4),
    _integers("zero points at the ends", 1, 5, 3, 3, zero_in=-128, zero_out=127, wide_state=8.0),
    _integers("zero points at the other ends", 1, 5, 3, 3, zero_in=127, zero_out=-128),
    _integers("output saturates", 1, 5, 6, 3, wide_out=0.05),
    _integers("relu6", 1, 5, 6, 3, activation="relu6", wide_out=2.0),
    _integers(
        "multipliers above 1",
        *(1, 3, 4, 3),
        zero_in=0,
        wide_state=0.002,
        wide_out=1e-4,
        zero_out=0,
    ),
    _integers("int16 state", 1, 5, 4, 3, kind="int16", largest_time=32767, scale_time=1e-4),
    _integers(
        "int16 state, rank 3, batch",
        *(2, 6, 2, 5),
        kind="int16",
        rank=3,
        largest_time=2000,
        scale_time=1e-3,
    ),
    _integers(
        "int16 sums wrap around",
        *(1, 6, 3, 9),
        kind="int16",
        largest_time=32767,
        scale_time=1e-4,
        wide_state=0.2,
    ),
    _integers("memory of one word", 1, 9, 5, 4),
    _integers("memory of words", 2, 17, 9, 12, zero_state=7),
    _integers("memory of words and one", 1, 13, 8, 9, zero_state=-7),
    _integers("memory of words and two", 1, 4, 6, 6, rank=2, zero_state=-128),
    _integers("memory of words and three", 1, 5, 4, 11, zero_state=127),
    _integers("some weights are -128", 1, 6, 12, 5, lowest=0.04),
    _integers("many weights are -128", 1, 9, 12, 5, lowest=0.7),
    _integers("int16 memory of a word", 1, 9, 5, 2, kind="int16", largest_time=3000),
    _integers("int16 memory of words", 2, 8, 9, 6, kind="int16", largest_time=3000, rank=2),
    _integers("int16 memory of words and one", 1, 21, 6, 7, kind="int16", largest_time=3000),
    _integers(
        *("relu, coarse output", 1, 5, 6, 5), activation="relu", wide_out=30.0, wide_state=0.3
    ),
    _floats("float", 1, 5, 4, 3),
    _floats("float, rank 2, batch, relu", 2, 6, 3, 4, rank=2, activation="relu"),
)


def scalar(op: Op) -> list[Array]:
    """svdf_common.cc: EvalIntegerSvdfReference and EvalFloatSvdfReference."""
    rank = op.attrs.rank
    (n_batch, _), (n_filter, n_memory) = op.x[0].shape, op.x[3].shape
    feature, time = op.x[2].tolist(), op.x[3].tolist()
    y, state = np.zeros(op.out.shape, object), np.zeros(op.x[1].shape, object)
    newest, finish = (None, None) if op.real else _integer_steps(op)
    for b in range(n_batch):
        x = [q - zero(op.values[0]) for q in op.x[0][b].tolist()]
        memory = op.x[1][b].reshape(n_filter, n_memory).tolist()
        for f in range(n_filter):
            total = recurrent.dot(x, feature[f])
            memory[f] = [*memory[f][1:], newest(total) if newest else total]
        state[b] = [q for row in memory for q in row]
        for u in range(n_filter // rank):
            total = op.x[4][u].item() if len(op.x) > 4 else 0
            for f in range(u * rank, (u + 1) * rank):
                centred = [q - zero(op.values[1]) for q in memory[f]]
                total += recurrent.dot(centred, time[f])
            y[b, u] = clamp(finish(total) if finish else total, op.attrs.activation, op.out)
    return [y, state]


def _wrapped(x: int, bits: int) -> int:
    """What is left of an integer in a two's complement register."""
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


def _integer_steps(op: Op) -> Any:
    s_x, s_state, s_feature, s_time = (np.float32(scale(v)) for v in op.values[:4])
    first = quantize_multiplier(float(s_x * s_feature / s_state))
    multiplier, shift = quantize_multiplier(float(s_state * s_time / np.float32(scale(op.out))))
    bits = 8 if op.values[1].dtype == "int8" else 16
    most = (1 << (bits - 1)) - 1

    def newest(total: int) -> int:
        q = min(max(multiply(total, *first), -most - 1), most)
        return _wrapped(q + zero(op.values[1]), bits)

    def finish(total: int) -> int:
        left = max(0, shift)
        shifted = _wrapped(_wrapped(total, 32) << left, 32)
        return multiply(shifted, multiplier, shift - left) + zero(op.out)

    return newest, finish
