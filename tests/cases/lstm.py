# SPDX-License-Identifier: Apache-2.0
"""Cases of lstm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cases import _recurrent as recurrent
from cases._case import SUMS_REORDERED, Case, Net, quant
from cases._scalar import Array, Op, multiply, quantize_multiplier, saturate, scale, zero

_GATES = "ifgo"
_INSIDE = {"fake_quantize": "the state is rounded at each step, reals are at the end"}
_COARSE = {"fake_quantize": "the table of the gates is coarser than int16"}


def _integers(
    what: str,
    batch: int,
    steps: int,
    n_in: int,
    size: int,
    *,
    kind: str = "int8",
    zero_in: int = 3,
    zero_hidden: int = 0,
    scale_in: float = 0.05,
    scale_hidden: float = 1 / 128,
    power: int = -12,
    reach: float = 2.0,
    largest_bias: float = 1.0,
    state_shape: tuple[int, ...] = (),
    **attrs: Any,
) -> Case:
    """reach: about how large the sums before the gates become."""

    def build(net: Net) -> list[str]:
        order = (steps, batch) if attrs.get("time_major") else (batch, steps)
        x = net.input("x", (*order, n_in), kind, quant(scale_in, zero_in))
        q = quant(scale_hidden, zero_hidden)
        shape = state_shape or (batch, size)
        hidden = net.state("h", np.full(shape, zero_hidden, kind), q)
        start = net.random.integers(-2000, 2000, shape).astype(np.int16)
        cell = net.state("c", start, quant(2.0**power))
        matrices, biases = [], []
        for part, n, s in (("w", n_in, scale_in), ("r", size, scale_hidden)):
            for gate in _GATES:
                span = 74 * 74 if kind == "int8" else 74 * 19000
                s_w = reach * np.exp(net.random.uniform(-0.5, 0.5)) / (s * span * n**0.5)
                data = net.random.integers(-127, 127, (size, n), endpoint=True)
                w = net.constant(f"{part}_{gate}", data.astype(np.int8), quant=quant(s_w))
                matrices.append(w)
                if part == "w":
                    q_b = quant(float(np.float32(scale_in) * np.float32(s_w)))
                    drawn = largest_bias * net.random.uniform(-1, 1, size) / q_b.scale[0]
                    dtype = np.int32 if kind == "int8" else np.int64
                    biases.append(net.constant(f"b_{gate}", drawn.astype(dtype), quant=q_b))
        y = net.node(
            "lstm",
            [x, hidden, cell, *matrices, *biases],
            dtype=(kind, kind, "int16"),
            quant=(q, q, quant(2.0**power)),
            **attrs,
        )
        return recurrent.outputs_with_states(net, y, [hidden, cell])

    skips = _INSIDE if steps > 1 else _COARSE if kind == "int16" else {}
    return Case(f"lstm/{what}", build, skips=skips)


def _floats(
    what: str, batch: int, steps: int, n_in: int, size: int, constant: bool = False, **attrs: Any
) -> Case:
    """constant: the states before are constants, not states of the graph."""

    def build(net: Net) -> list[str]:
        order = (steps, batch) if attrs.get("time_major") else (batch, steps)
        x = net.input("x", (*order, n_in))
        if constant:
            states = [net.reals("h", (batch, size)), net.reals("c", (batch, size))]
        else:
            states = [net.state(name, np.zeros((batch, size), np.float32)) for name in "hc"]
        matrices = [net.reals("w", (size, n_in), n_in**-0.5) for _ in _GATES]
        matrices += [net.reals("r", (size, size), size**-0.5) for _ in _GATES]
        biases = [net.reals("b", (size,)) for _ in _GATES]
        y = net.node("lstm", [x, *states, *matrices, *biases], **attrs)
        return recurrent.outputs_with_states(net, y, [] if constant else states)

    return Case(f"lstm/{what}", build, tolerance=5e-6, reason=SUMS_REORDERED)


CASES = (
    _integers("int8", 1, 1, 5, 3),
    _integers("int8, several steps", 1, 6, 5, 7, zero_hidden=-4),
    _integers("int8, batch", 3, 2, 4, 5, zero_hidden=12),
    _integers("int8, batch, time first", 3, 3, 4, 5, time_major=True),
    _integers("int8, backwards", 2, 3, 3, 2, reverse=True),
    _integers("int8, last step of odd many", 1, 5, 3, 2, every_step=False),
    _integers("int8, last step of even many", 2, 4, 3, 2, every_step=False),
    _integers(
        "int8, last step backwards, time first",
        *(2, 4, 3, 2),
        every_step=False,
        reverse=True,
        time_major=True,
    ),
    _integers("int8, 5 and 2 fours", 1, 2, 17, 6, zero_hidden=3),
    _integers("int8, 4 and 3 fours", 1, 2, 16, 9, zero_hidden=-3),
    _integers("int8, 3 and 4 fours", 2, 2, 11, 14),
    _integers("int8, 7 and 5 fours", 1, 2, 28, 20),
    _integers("int8, biases beyond 24 bits", 1, 2, 5, 4, reach=5e-4, largest_bias=2.0),
    _integers("int8, one unit, one input", 1, 3, 1, 1),
    _integers("int8, state of one axis", 1, 2, 4, 3, state_shape=(3,)),
    _integers("int8, zero points at the ends", 1, 2, 5, 4, zero_in=-128, zero_hidden=127),
    _integers("int8, zero points at the other ends", 1, 2, 5, 4, zero_in=127, zero_hidden=-128),
    _integers("int8, gates saturate", 1, 3, 5, 4, reach=60.0),
    _integers("int8, gates hardly move", 1, 2, 5, 4, reach=0.01, largest_bias=0.01),
    _integers("int8, hidden state saturates", 1, 3, 4, 4, scale_hidden=1e-3),
    _integers("int8, hidden scale coarse", 1, 2, 4, 4, scale_hidden=0.05),
    _integers("int8, coarse input scale", 1, 2, 4, 4, scale_in=10.0),
    _integers("int8, clipped", 1, 4, 4, 4, cell_clip=0.25),
    _integers("int8, clip beyond int16", 1, 4, 4, 4, cell_clip=10.0),
    _integers("int8, clip below a step", 1, 2, 4, 4, cell_clip=1e-4),
    _integers("int8, cell scale 2^-9", 1, 3, 4, 4, power=-9),
    _integers("int8, cell scale 2^-15", 1, 4, 4, 4, power=-15, reach=6.0),
    _integers("int8, cell scale 1", 1, 2, 4, 4, power=0),
    _integers(
        *("int16", 1, 1, 5, 3), kind="int16", zero_in=0, scale_in=2e-4, scale_hidden=2.0**-15
    ),
    _integers(
        *("int16, several steps, batch", 2, 4, 5, 6),
        kind="int16",
        zero_in=0,
        scale_in=2e-4,
        scale_hidden=2.0**-15,
    ),
    _integers(
        *("int16, gates saturate, last step", 1, 5, 4, 3),
        kind="int16",
        zero_in=0,
        scale_in=2e-4,
        scale_hidden=3e-5,
        reach=60.0,
        every_step=False,
        time_major=True,
    ),
    _floats("float", 1, 5, 6, 7),
    _floats("float, batch", 3, 2, 4, 5, cell_clip=0.5),
    _floats("float, time first, backwards", 2, 4, 3, 5, time_major=True, reverse=True),
    _floats("float, constant start", 1, 3, 3, 5, constant=True),
    _floats("float, last step, constant start", 1, 4, 3, 5, constant=True, every_step=False),
    _floats("float, last step backwards", 2, 3, 3, 2, every_step=False, reverse=True),
)


def scalar(op: Op) -> list[Array]:
    """unidirectional_sequence_lstm.cc, lstm_eval.h and lstm_eval_common.cc."""
    if op.real:
        return recurrent.walked(op, op.x[1:3], _float_step(op))
    return recurrent.walked(op, op.x[1:3], _integer_step(op))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _float_step(op: Op) -> Any:
    w, r, b = ([a.tolist() for a in op.x[i : i + 4]] for i in (3, 7, 11))
    clip = op.attrs.cell_clip

    def step(x: list[float], states: list[list[float]]) -> list[list[float]]:
        hidden, cell = states
        new: list[list[float]] = [[], []]
        for u, kept in enumerate(cell):
            sums = [
                recurrent.dot(x, w[k][u]) + b[k][u] + recurrent.dot(hidden, r[k][u])
                for k in range(4)
            ]
            free = _sigmoid(sums[1]) * kept + _sigmoid(sums[0]) * math.tanh(sums[2])
            c = max(min(clip, free), -clip) if clip > 0 else free
            new[0].append(_sigmoid(sums[3]) * math.tanh(c))
            new[1].append(c)
        return new

    return step


def _int16(x: int) -> int:
    return min(max(x, -32768), 32767)


def _wide_multiply(x: int, multiplier: int, shift: int) -> int:
    """MultiplyByQuantizedMultiplier(int64_t, ...)."""
    reduced = (multiplier + (1 << 15)) >> 16 if multiplier < 0x7FFF0000 else 0x7FFF
    total_shift = 15 - shift
    return (x * reduced + (1 << (total_shift - 1))) >> total_shift


def _gate_scale(x: Any, w: Any) -> tuple[int, int]:
    product = np.float32(scale(x)) * np.float32(scale(w))
    return quantize_multiplier(float(product) / 2.0**-12)


def _integer_step(op: Op) -> Any:
    w, r, b = ([a.tolist() for a in op.x[i : i + 4]] for i in (3, 7, 11))
    v_x, v_hidden, v_cell = op.values[:3]
    into = [_gate_scale(v_x, v) for v in op.values[3:7]]
    back = [_gate_scale(v_hidden, v) for v in op.values[7:11]]
    s_cell = scale(v_cell)
    unit = 2.0**-15
    forget = quantize_multiplier(unit * s_cell / s_cell)
    update = quantize_multiplier(unit * unit / s_cell)
    last = quantize_multiplier(unit * unit / scale(v_hidden))
    clip = int(min(float(np.float32(op.attrs.cell_clip)) / s_cell, 32767.0))
    left_shift = 15 + round(math.log2(s_cell)) - 3
    finish = multiply if v_x.dtype == "int8" else _wide_multiply

    def step(x: list[float], states: list[list[float]]) -> list[list[float]]:
        hidden, cell = states
        x = [q - zero(v_x) for q in x]
        centred = [q - zero(v_hidden) for q in hidden]
        new: list[list[float]] = [[], []]
        for u, before in enumerate(cell):
            sums = []
            for k in range(4):
                first = finish(int(recurrent.dot(x, w[k][u])) + b[k][u], *into[k])
                second = finish(int(recurrent.dot(centred, r[k][u])), *back[k])
                sums.append(_int16(_int16(first) + _int16(second)))
            i, f, o = (recurrent.logistic(sums[k]) for k in (0, 1, 3))
            kept = _int16(multiply(f * int(before), *forget))
            free = _int16(kept + _int16(multiply(i * recurrent.tanh(sums[2], 0), *update)))
            c = max(min(clip, free), -clip) if op.attrs.cell_clip > 0 else free
            h = multiply(recurrent.tanh(c, left_shift) * o, *last) + zero(v_hidden)
            new[0].append(saturate(h, v_hidden))
            new[1].append(c)
        return new

    return step
