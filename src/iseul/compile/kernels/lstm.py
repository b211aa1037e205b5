# SPDX-License-Identifier: Apache-2.0
"""Kernels of long short-term memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _recurrent as shared
from iseul.compile.kernels._card import Card
from iseul.graph.ops.lstm import BIASES, RECURRENT, WEIGHTS, Attrs, constants, macs
from iseul.numerics import gate
from iseul.numerics.affine import INTEGER_RANGE
from iseul.numerics.requantize import reduce_multiplier

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Field, Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.lstm import Constants, Scale

STATES = (0, 1, 2)  # x, hidden state and cell state come as pointers


def _size(io: Io) -> int:
    return io.inputs[BIASES.start].shape[0]


def _matrices(io: Io) -> dict[str, Field]:
    """Weights with the rows of a unit's gates next to each other."""
    return {
        "weights": shared.by_unit(io.inputs[WEIGHTS]),
        "recurrent": shared.by_unit(io.inputs[RECURRENT]),
        "bias": shared.by_unit(io.inputs[BIASES]),
    }


def _scales(name: str, scales: tuple[Scale, ...], wide: bool) -> dict[str, Field]:
    multipliers = [reduce_multiplier(m) if wide else m for m, _ in scales]
    return {f"{name}multiplier": tuple(multipliers), f"{name}shift": tuple(s for _, s in scales)}


def _cell(k: Constants) -> dict[str, Field]:
    """`iseul_lstm_cell_t`."""
    low, high = INTEGER_RANGE["int16"]
    clip = (low, high) if k.cell_clip is None else (-k.cell_clip, k.cell_clip)
    return {
        "logistic": gate.logistic_table().astype(np.uint16),
        "forget_multiplier": k.forget[0],
        "forget_shift": k.forget[1],
        "update_multiplier": k.update[0],
        "update_shift": k.update[1],
        "output_multiplier": k.output[0],
        "output_shift": k.output[1],
        "left": k.cell_power - gate.GATE_POWER,
        "cell_low": clip[0],
        "cell_high": clip[1],
        "zero_point": k.hidden_zero_point,
        "low": k.low,
        "high": k.high,
    }


def cost_s8(attrs: Attrs, io: Io) -> int:
    """3.4 per MAC, 590 per unit and step."""
    return 34 * macs(attrs, io) // 10 + 590 * shared.calls(attrs, io) * _size(io)


def emit_s8(attrs: Attrs, io: Io) -> Fields:
    """`iseul_lstm_s8_t`."""
    k = constants(attrs, io)
    return {
        "sequence": shared.sequence(attrs, io, _size(io)),
        **_matrices(io),
        **_scales("", k.weights, False),
        **_scales("recurrent_", k.recurrent, False),
        "in_zero_point": k.in_zero_point,
        "cell": _cell(k),
    }


def cost_s16(attrs: Attrs, io: Io) -> int:
    """5 per MAC, 400 per unit and step."""
    return 5 * macs(attrs, io) + 400 * shared.calls(attrs, io) * _size(io)


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_lstm_s16_t`."""
    k = constants(attrs, io)
    return {
        "sequence": shared.sequence(attrs, io, _size(io)),
        **_matrices(io),
        **_scales("", k.weights, True),
        **_scales("recurrent_", k.recurrent, True),
        "cell": _cell(k),
    }


def cost_f32(attrs: Attrs, io: Io) -> int:
    """4 per MAC, 420 per unit and step."""
    return 4 * macs(attrs, io) + 420 * shared.calls(attrs, io) * _size(io)


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_lstm_f32_t`."""
    clip = float(attrs.cell_clip) if attrs.cell_clip > 0 else float("inf")
    return {
        "sequence": shared.sequence(attrs, io, _size(io)),
        **_matrices(io),
        "cell_low": -clip,
        "cell_high": clip,
    }


def x_is_int8(attrs: Attrs, io: Io) -> str | None:
    """x is int8"""
    return _unless(io, "int8")


def x_is_int16(attrs: Attrs, io: Io) -> str | None:
    """x is int16"""
    return _unless(io, "int16")


def x_is_float(attrs: Attrs, io: Io) -> str | None:
    """x is float32"""
    return _unless(io, "float32")


def _unless(io: Io, dtype: str) -> str | None:
    x = io.inputs[0]
    return None if x.dtype == dtype else f'"{x.name}" is {x.dtype}'


CARDS = (
    Card("iseul_lstm_s8", "iseul_lstm_s8_t", (x_is_int8,), cost_s8, emit_s8, inputs=STATES),
    Card("iseul_lstm_s16", "iseul_lstm_s16_t", (x_is_int16,), cost_s16, emit_s16, inputs=STATES),
    Card("iseul_lstm_f32", "iseul_lstm_f32_t", (x_is_float,), cost_f32, emit_f32, inputs=STATES),
)
