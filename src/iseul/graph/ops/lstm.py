# SPDX-License-Identifier: Apache-2.0
"""Long short-term memory over a sequence; the state goes in and comes out.

For each step, with W of the step's input x, R of the hidden state h, and gates i, f, g, o:

    i, f, o = sigmoid(W x + b + R h)   g = tanh(W x + b + R h)
    c' = f c + i g, clipped            h' = o tanh(c'), which is also the step's output

Hochreiter, Schmidhuber: Long Short-Term Memory, 1997; Gers et al.: Learning to Forget, 2000.

int8, int16:  W x + b and R h become int16 of scale 2^-12 each, are added with saturation, and
        pass a table of logistic in Q0.15 (numerics/gate.py); the cell state is int16 and its
        scale a power of two. Sums of int8 have 32 bits, those of int16 have 64 and a multiplier
        of 16 (TensorFlow Lite Micro: kernels/lstm_eval.h, lstm_eval.cc, lstm_eval_common.cc).
Inputs: x; hidden state, cell state; W of i, f, g, o, each (S, I); R of i, f, g, o, each (S, S);
        b of i, f, g, o, each (S). Sequences and states: `_recurrent.py`.
Outputs: y, next hidden state, next cell state.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _recurrent as recurrent
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics import gate
from iseul.numerics.affine import INTEGER_RANGE
from iseul.numerics.requantize import (
    WIDE_LIMIT,
    WIDE_SHIFT,
    quantize_multiplier,
    requantize,
    requantize_wide,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

Scale = tuple[int, int]  # multiplier, shift

X, HIDDEN, CELL = 0, 1, 2  # inputs; outputs have y in place of x
WEIGHTS, RECURRENT, BIASES = slice(3, 7), slice(7, 11), slice(11, 15)
_LOW, _HIGH = INTEGER_RANGE["int16"]
_COARSEST, _FINEST = 0, -15  # powers of two of the cell state's scale
_UNIT_POWER = -15  # of what gates give: Q0.15


class Attrs(Config):
    time_major: recurrent.TimeMajor = False
    reverse: recurrent.Reverse = False
    every_step: recurrent.EveryStep = True
    cell_clip: float = Field(
        default=0.0, ge=0, le=1e30, description="the cell state stays within +- this; 0: anywhere"
    )


BATCHED = recurrent.batch_axis_is_first


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """y, hidden and cell state. Raises ShapeError."""
    expect_inputs(inputs, 15)
    x, hidden, cell = (value.shape for value in inputs[:3])
    batch, _, n_in = recurrent.sizes(attrs.time_major, x)
    size = inputs[BIASES.start].shape[0] if inputs[BIASES.start].shape else 0
    recurrent.expect_shapes(inputs[BIASES], (size,), "bias")
    recurrent.expect_shapes(inputs[WEIGHTS], (size, n_in), "weights")
    recurrent.expect_shapes(inputs[RECURRENT], (size, size), "recurrent weights")
    for state in inputs[1:3]:
        recurrent.expect_state(state, batch, size)
    return recurrent.output_shape(attrs, x, size), hidden, cell


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        return _floats(attrs, inputs, io, recurrent.real_function, np.stack)
    whole = [x.astype(np.int64) for x in inputs]
    step = partial(_step, constants(attrs, io), _gates(whole), gate.logistic_table(), _product)
    return _walked(attrs, whole, io, step, np.stack)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        return _floats(attrs, inputs, io, recurrent.torch_function, torch.stack)
    table = torch.tensor(np.array(gate.logistic_table()), device=inputs[X].device)
    step = partial(_step, constants(attrs, io), _gates(inputs), table, _product_torch)
    return _walked(attrs, inputs, io, step, torch.stack)


def _gates(inputs: Sequence[Any]) -> list[tuple[Any, Any, Any]]:
    """W, R and b of each gate."""
    return list(zip(inputs[WEIGHTS], inputs[RECURRENT], inputs[BIASES], strict=True))


def _walked(attrs: Attrs, inputs: Sequence[Any], io: Io, step: Any, stack: Any) -> list[Any]:
    size = io.inputs[BIASES.start].shape[0]
    states = tuple(recurrent.rows_of(state, size) for state in inputs[1:3])
    y, (hidden, cell) = recurrent.walk(attrs, inputs[X], states, step, stack)
    return [
        y,
        recurrent.shaped(hidden, io.outputs[HIDDEN]),
        recurrent.shaped(cell, io.outputs[CELL]),
    ]


def _floats(
    attrs: Attrs,
    inputs: Sequence[Any],
    io: Io,
    function: Callable[[str], Callable[[Any], Any]],
    stack: Any,
) -> list[Any]:
    sigmoid, tanh = function("sigmoid"), function("tanh")
    gates = _gates(inputs)

    def step(x: Any, states: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden, cell = states
        i, f, g, o = ((x @ w.T + b) + hidden @ r.T for w, r, b in gates)
        cell = sigmoid(f) * cell + sigmoid(i) * tanh(g)
        if attrs.cell_clip > 0:
            cell = cell.clip(-attrs.cell_clip, attrs.cell_clip)
        return sigmoid(o) * tanh(cell), cell

    return _walked(attrs, inputs, io, step, stack)


# --- integers


@dataclass(frozen=True)
class Constants:
    """The integers of an lstm's arithmetic.

    weights, recurrent: scale of W x + b and of R h to 2^-12, per gate i, f, g, o
    forget, update:     scale of f c and of i g to the cell state's
    output:             scale of o tanh(c) to the hidden state's
    cell_power:         the cell state's scale is 2^cell_power
    cell_clip:          None: the cell state is not clipped
    low, high:          of the hidden state's dtype
    wide:               sums have 64 bits
    """

    weights: tuple[Scale, ...]
    recurrent: tuple[Scale, ...]
    forget: Scale
    update: Scale
    output: Scale
    cell_power: int
    cell_clip: int | None
    in_zero_point: int
    hidden_zero_point: int
    low: int
    high: int
    wide: bool


def constants(attrs: Attrs, io: Io) -> Constants:
    """Of a node with integers. Scales are combined as the reference does, in float32 or double."""
    hidden = io.inputs[HIDDEN]
    s_hidden = quantized.quant_of(hidden).scale[0]
    s_cell = quantized.quant_of(io.inputs[CELL]).scale[0]
    unit = 2.0**_UNIT_POWER
    clip = min(float(np.float32(attrs.cell_clip)) / s_cell, float(_HIGH))
    low, high = INTEGER_RANGE[hidden.dtype]
    return Constants(
        tuple(_gate_scale(io.inputs[X], w) for w in io.inputs[WEIGHTS]),
        tuple(_gate_scale(hidden, r) for r in io.inputs[RECURRENT]),
        quantize_multiplier(unit * s_cell / s_cell),
        quantize_multiplier(unit * unit / s_cell),
        quantize_multiplier(unit * unit / s_hidden),
        _power(s_cell),
        int(clip) if attrs.cell_clip > 0 else None,
        quantized.zero_point(io.inputs[X]),
        quantized.zero_point(hidden),
        low,
        high,
        hidden.dtype == "int16",
    )


def _gate_scale(x: Value, w: Value) -> Scale:
    """s_x * s_w in float32, over 2^-12."""
    product = np.float32(quantized.quant_of(x).scale[0]) * np.float32(
        quantized.quant_of(w).scale[0]
    )
    return quantize_multiplier(float(product) / 2.0**gate.GATE_POWER)


def _power(scale: float) -> int:
    """The nearest power of two of a scale."""
    return int(np.rint(np.log2(scale)))


def _product(x: Array, w: Array) -> Array:
    """x @ w.T of integers; float64 holds the sums exactly, and BLAS has no integers."""
    return (x.astype(np.float64) @ w.T.astype(np.float64)).astype(np.int64)


def _product_torch(x: Any, w: Any) -> Any:
    return (x.double() @ w.T.double()).long()


def _step(
    k: Constants,
    gates: Sequence[tuple[Any, Any, Any]],
    table: Any,
    product: Callable[[Any, Any], Any],
    x: Any,
    states: tuple[Any, ...],
) -> tuple[Any, ...]:
    """Hidden and cell state after a step, of int64 arrays or tensors."""
    hidden, cell = states
    x, hidden = x - k.in_zero_point, hidden - k.hidden_zero_point
    scaled = requantize_wide if k.wide else requantize
    sums = []
    for (w, r, b), w_scale, r_scale in zip(gates, k.weights, k.recurrent, strict=True):
        both = _int16(scaled(product(x, w) + b, *w_scale)) + _int16(
            scaled(product(hidden, r), *r_scale)
        )
        sums.append(gate.tripled(_int16(both), gate.GATE_POWER))
    i, f, o = (gate.logistic_q15(sums[n], table) for n in (0, 1, 3))
    g = gate.tanh_q15(sums[2], table)
    cell = _int16(requantize(f * cell, *k.forget)) + _int16(requantize(i * g, *k.update))
    cell = _int16(cell)
    if k.cell_clip is not None:
        cell = cell.clip(-k.cell_clip, k.cell_clip)
    shown = gate.tanh_q15(gate.tripled(cell, k.cell_power), table)
    hidden = requantize(shown * o, *k.output) + k.hidden_zero_point
    return hidden.clip(k.low, k.high), cell


def _int16(x: Any) -> Any:
    return x.clip(_LOW, _HIGH)


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates of the matrix products."""
    batch, steps, n_in = recurrent.sizes(attrs.time_major, io.inputs[X].shape)
    size = io.inputs[BIASES.start].shape[0]
    return batch * steps * 4 * size * (n_in + size)


# --- rules


def kinds_of_lstm(attrs: Attrs, io: Io) -> str | None:
    """all float32; or x, h, y int8 (int16), cell int16, weights int8, biases int32 (int64)"""
    kind = io.inputs[X].dtype
    wanted = {
        "float32": ("float32",) * 4,
        "int8": ("int8", "int16", "int8", "int32"),
        "int16": ("int16", "int16", "int8", "int64"),
    }.get(kind)
    if wanted is None:
        return f'"{io.inputs[X].name}" is {kind}'
    plain = [*io.outputs[: HIDDEN + 1], io.inputs[HIDDEN]]
    cells = [io.inputs[CELL], io.outputs[CELL]]
    matrices = [*io.inputs[WEIGHTS], *io.inputs[RECURRENT]]
    groups = zip((plain, cells, matrices, io.inputs[BIASES]), wanted, strict=True)
    for values, dtype in groups:
        for value in values:
            if value.dtype != dtype:
                return f'"{value.name}" is {value.dtype} where x is {kind}'
    return None


def weights_are_symmetric(attrs: Attrs, io: Io) -> str | None:
    """integer weights have one scale each and zero point 0"""
    for value in (*io.inputs[WEIGHTS], *io.inputs[RECURRENT]):
        if value.is_float:
            continue
        if value.quant is None or value.quant.per_channel or value.quant.zero_point[0]:
            return f'"{value.name}" has quantization {value.quant}'
    return None


def biases_have_their_scale(attrs: Attrs, io: Io) -> str | None:
    """integer biases have the scale s_x * s_w and zero point 0"""
    x = io.inputs[X].quant
    for w, b in zip(io.inputs[WEIGHTS], io.inputs[BIASES], strict=True):
        if b.is_float or x is None or w.quant is None:
            continue
        if b.quant is None or b.quant.per_channel or b.quant.zero_point[0]:
            return f'"{b.name}" has quantization {b.quant}'
        if not np.isclose(b.quant.scale[0], x.scale[0] * w.quant.scale[0], rtol=1e-3, atol=0):
            return f'"{b.name}" has scale {b.quant.scale[0]:g}'
    return None


def states_keep_their_quantization(attrs: Attrs, io: Io) -> str | None:
    """y and the states after the walk have the quantization of the states before"""
    pairs = [(io.inputs[HIDDEN], io.outputs[0]), *zip(io.inputs[1:3], io.outputs[1:], strict=True)]
    for before, after in pairs:
        if before.quant != after.quant:
            return f'"{before.name}" has {before.quant}, "{after.name}" has {after.quant}'
    return None


def cell_scale_is_a_power_of_two(attrs: Attrs, io: Io) -> str | None:
    """an integer cell state has a scale that is a power of two from 2^-15 to 1, and zero point 0"""
    quant = io.inputs[CELL].quant
    if quant is None or io.inputs[CELL].is_float:
        return None
    power = np.log2(quant.scale[0])
    # TensorFlow Lite's CheckedLog2 allows as much
    fits = abs(power - np.rint(power)) < 1e-3 and _FINEST <= np.rint(power) <= _COARSEST
    return None if fits and not quant.zero_point[0] else f"scale {quant.scale[0]:g}"


def hidden_scale_is_coarse(attrs: Attrs, io: Io) -> str | None:
    """an integer hidden state has a scale above 2^-29, so that 32 bits hold what becomes it"""
    quant = io.inputs[HIDDEN].quant
    if quant is None or io.inputs[HIDDEN].is_float or quant.scale[0] > 2.0**-29:
        return None
    return f"scale {quant.scale[0]:g}"


def sums_fit(attrs: Attrs, io: Io) -> str | None:
    """sums fit into 32 bits, also shifted left; those of int16 into 47, shifted by 7 at most"""
    if io.inputs[X].is_float or not _has_scales(io):
        return None
    k = constants(attrs, io)
    most, most_left = (WIDE_LIMIT, WIDE_SHIFT) if k.wide else (2**31, 30)
    none = [None] * 4
    for x, matrices, biases, scales in (
        (io.inputs[X], io.inputs[WEIGHTS], io.inputs[BIASES], k.weights),
        (io.inputs[HIDDEN], io.inputs[RECURRENT], none, k.recurrent),
    ):
        for w, b, (_, shift) in zip(matrices, biases, scales, strict=True):
            bound = _bound(x, w, b) * (1 if k.wide else 2 ** max(0, shift))
            if bound >= most or shift > most_left:
                return f'"{w.name}": sums reach {bound:,}, shifted left by {max(0, shift)}'
    return None


def _has_scales(io: Io) -> bool:
    """Whether all is there that the rules before this one ask for."""
    rules = (kinds_of_lstm, weights_are_symmetric, recurrent.weights_and_biases_are_constant)
    states = (
        cell_scale_is_a_power_of_two,
        quantized.quantized_per_tensor,
        states_keep_their_quantization,
    )
    return not any(rule(Attrs(), io) for rule in (*rules, *states))


def _bound(x: Value, w: Value, b: Value | None) -> int:
    """The largest |sum of products|, bias included."""
    assert w.data is not None
    sums = quantized.reach(x) * np.abs(w.data.astype(np.int64)).sum(axis=1)
    if b is not None and b.data is not None:
        sums = sums + np.abs(b.data.astype(np.int64))
    return int(sums.max())


constraints = (
    kinds_of_lstm,
    recurrent.weights_and_biases_are_constant,
    quantized.quantized_per_tensor,
    quantized.zero_points_of_int16,
    weights_are_symmetric,
    biases_have_their_scale,
    states_keep_their_quantization,
    cell_scale_is_a_power_of_two,
    hidden_scale_is_coarse,
    sums_fit,
)
