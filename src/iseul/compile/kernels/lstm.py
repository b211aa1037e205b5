# SPDX-License-Identifier: Apache-2.0
"""Kernels of long short-term memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _joined as joined
from iseul.compile.kernels import _recurrent as shared
from iseul.compile.kernels._card import Card
from iseul.graph.ops.lstm import BIASES, RECURRENT, WEIGHTS, Attrs, constants, macs
from iseul.numerics import gate
from iseul.numerics.affine import INTEGER_RANGE
from iseul.numerics.requantize import reduce_multiplier, wrap_int32

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Field, Fields
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.graph.ops.lstm import Constants, Scale
    from iseul.numerics import Array

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


# --- rows joined two by two, for the DSP extension


def _rows(io: Io, k: Constants) -> tuple[tuple[Array, Array], ...]:
    """(W, bias) and (R, bias) with the rows of a unit's gates next to each other, filled up;
    biases take zero points off.
    """
    size = _size(io)
    biases = shared.by_unit(io.inputs[BIASES]).reshape(-1)
    found = []
    for values, bias, zero in (
        (io.inputs[WEIGHTS], biases, k.in_zero_point),
        (io.inputs[RECURRENT], np.zeros_like(biases), k.hidden_zero_point),
    ):
        rows = joined.filled(shared.by_unit(values).reshape(4 * size, -1), 4)
        offset = zero * rows.astype(np.int64).sum(1)
        found.append((rows, wrap_int32(bias.astype(np.int64) - offset)))
    return tuple(found)


def rows_can_be_joined(attrs: Attrs, io: Io) -> str | None:
    """weights of two gates fit into 16 bits together, and their sums into 24"""
    for name, part in zip("WR", _rows(io, constants(attrs, io)), strict=True):
        if joined.join(*part) is None:
            return f"{name} does not"
    return None


def sums_have_a_bit_to_spare(attrs: Attrs, io: Io) -> str | None:
    """sums fit into 31 bits, shifted left where the scale is 1 or more"""
    k = constants(attrs, io)
    for (rows, bias), scales in zip(_rows(io, k), (k.weights, k.recurrent), strict=True):
        reach = 128 * np.abs(rows.astype(np.int64)).sum(1) + np.abs(bias.astype(np.int64))
        by_gate = reach.reshape(-1, 4).max(0)
        for bound, (_, shift) in zip(by_gate, scales, strict=True):
            if not shared.is_narrow(int(bound), shift):
                return f"they reach {int(bound):,}, shifted left by {max(0, shift)}"
    return None


def products_are_scaled_down(attrs: Attrs, io: Io) -> str | None:
    """products of gates and states are scaled by less than 1"""
    k = constants(attrs, io)
    most = max(shift for _, shift in (k.forget, k.update, k.output))
    return f"a scale is near 2^{most}" if most >= 0 else None


def cost_joined(attrs: Attrs, io: Io) -> int:
    """0.9 per MAC, 290 per unit and step, 1.3 per input and unit of a step's state."""
    size, n_in = _size(io), io.inputs[0].shape[2]
    per_step = 9 * 4 * size * (n_in + size) // 10 + 290 * size + 13 * (n_in + size) // 10
    return shared.calls(attrs, io) * per_step


def _pairs() -> Array:
    """Of each entry of the table of logistic: itself, and what the next one has more."""
    table = gate.logistic_table()
    return (table[:-1] | np.diff(table) << 16).astype(np.uint32)


def emit_joined(attrs: Attrs, io: Io) -> Fields:
    """`iseul_lstm_s8_dsp_t`."""
    k = constants(attrs, io)
    cell = _cell(k)
    gates = [n for scale in (*k.weights, *k.recurrent) for n in shared.narrow(*scale).values()]
    rows = np.concatenate([joined.fours(*part) for part in _rows(io, k)], axis=1)
    return {
        "sequence": shared.sequence(attrs, io, _size(io)),
        "rows": np.ascontiguousarray(rows.reshape(-1), np.int32),
        "gates": np.array(gates, np.int32),
        "logistic": _pairs(),
        "forget": shared.narrow(*k.forget),
        "update": shared.narrow(*k.update),
        "output": shared.narrow(*k.output),
        **{name: cell[name] for name in ("left", "cell_low", "cell_high", "zero_point")},
    }


def proofs_of_rows(attrs: Attrs, io: Io) -> tuple[Proof, ...]:
    """That rows are joined exactly."""
    return tuple(joined.proof(*part) for part in _rows(io, constants(attrs, io)))


def bytes_of_step(attrs: Attrs, io: Io) -> int:
    """A step's input and state as 16-bit values, each filled up to a multiple of 4."""
    return sum(2 * part[0].shape[1] for part in _rows(io, constants(attrs, io)))


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
    *dsp.on_both(
        Card(
            "iseul_lstm_s8_dsp",
            "iseul_lstm_s8_dsp_t",
            (
                x_is_int8,
                rows_can_be_joined,
                sums_have_a_bit_to_spare,
                products_are_scaled_down,
            ),
            cost_joined,
            emit_joined,
            inputs=STATES,
            scratch_bytes=bytes_of_step,
            proofs=proofs_of_rows,
        )
    ),
    Card("iseul_lstm_s8", "iseul_lstm_s8_t", (x_is_int8,), cost_s8, emit_s8, inputs=STATES),
    Card("iseul_lstm_s16", "iseul_lstm_s16_t", (x_is_int16,), cost_s16, emit_s16, inputs=STATES),
    Card("iseul_lstm_f32", "iseul_lstm_f32_t", (x_is_float,), cost_f32, emit_f32, inputs=STATES),
)
