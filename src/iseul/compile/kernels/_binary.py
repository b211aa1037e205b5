# SPDX-License-Identifier: Apache-2.0
"""What the cards of ops on several operands share: broadcasting, and tables of one operand.

An int8 result that depends on one byte only (the other operand is a single constant, or the same
value) is looked up in a table of all 256 results, made by the op's own meaning.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._lookup import table_of
from iseul.compile.kernels._overlap import value_by_value
from iseul.graph.ir import Io, frozen_array
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._broadcast import plain_range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.compile.kernels._card import Field, Fields, Rule
    from iseul.graph.ir import DType, Shape
    from iseul.graph.ops._addition import Multipliers
    from iseul.numerics.affine import Activation

MOST_AXES = 8  # ISEUL_BROADCAST_AXES

# Predicted instructions on a Cortex-M4 of each run along the last axis, and at the start
RUN, START = 38, 100


# --- broadcasting


def collapse(out: Shape, operands: Sequence[Shape]) -> tuple[list[int], list[list[int]]]:
    """Sizes of the fewest axes that describe a broadcast, and each operand's steps along them.

    Neighbouring axes merge where every operand goes on as before: whole, or repeated.
    A step is in elements; 0 repeats the operand.
    """
    full = [(1,) * (len(out) - len(shape)) + tuple(shape) for shape in operands]
    axes = [(n, tuple(shape[i] == n for shape in full)) for i, n in enumerate(out) if n != 1]
    merged: list[tuple[int, tuple[bool, ...]]] = []
    for n, whole in axes:
        if merged and merged[-1][1] == whole:
            merged[-1] = (merged[-1][0] * n, whole)
        else:
            merged.append((n, whole))
    merged = merged or [(1, (True,) * len(operands))]
    steps = []
    for k in range(len(operands)):
        step, found = 1, []
        for n, whole in reversed(merged):
            found.append(step if whole[k] else 0)
            step *= n if whole[k] else 1
        steps.append(found[::-1])
    return [n for n, _ in merged], steps


def _axes(io: Io) -> tuple[list[int], list[list[int]]]:
    return collapse(io.outputs[0].shape, [value.shape for value in io.inputs])


def few_axes(attrs: Any, io: Io) -> str | None:
    """broadcasting changes at most 7 times along the axes, so that 8 loops are enough"""
    n = len(_axes(io)[0])
    shapes = " and ".join(str(value.shape) for value in io.inputs)
    return None if n <= MOST_AXES else f"{shapes} need {n} loops"


def broadcast(io: Io) -> dict[str, Field]:
    """`iseul_broadcast_t`."""
    sizes, steps = _axes(io)
    return {
        "n_axes": len(sizes),
        "size": np.array(sizes, np.int32),
        "step": np.array(steps, np.int32),
    }


def per_value(n_instructions: int) -> Callable[[Any, Io], int]:
    """The cost of a kernel that takes so many instructions per value."""

    def cost(attrs: Any, io: Io) -> int:
        size = _axes(io)[0][-1]
        n = io.outputs[0].n_elements
        return START + RUN * (n // size) + n_instructions * n

    cost.__doc__ = f"{n_instructions} per value, {RUN} per run along the last axis, {START} more."
    return cost


def operands(*wanted: DType) -> Rule:
    """The rule that operands and result, constants too, have these dtypes, in this order.

    One dtype stands for all of them.
    """

    def rule(attrs: Any, io: Io) -> str | None:
        values = (*io.inputs, *io.outputs)
        found = tuple(value.dtype for value in values)
        if found == (wanted if len(wanted) > 1 else wanted * len(found)):
            return None
        return ", ".join(f'"{value.name}" is {value.dtype}' for value in values)

    rule.__doc__ = f"operands and result are {', '.join(wanted)}"
    return rule


def card(
    symbol: str,
    params: str,
    wanted: tuple[DType, ...],
    n_instructions: int,
    emit: Callable[[Any, Io], Fields],
    *rules: Rule,
) -> Card:
    """The card of a kernel on two operands. emit: the fields behind `shape`."""

    def emit_all(attrs: Any, io: Io) -> Fields:
        return {"shape": broadcast(io), **emit(attrs, io)}

    return Card(
        symbol,
        params,
        (operands(*wanted), *rules, few_axes),
        per_value(n_instructions),
        emit_all,
        inputs=(0, 1),
        overlap=value_by_value,
    )


# --- fields


def no_fields(attrs: Any, io: Io) -> Fields:
    """Nothing behind `shape`."""
    return {}


def activation_of(attrs: Any) -> Activation:
    """The fused activation of an op that may have one."""
    found: Activation = getattr(attrs, "activation", "none")
    return found


def plain_clamp(attrs: Any, io: Io) -> Fields:
    """`iseul_plain_t` behind `shape`."""
    low, high = plain_range(activation_of(attrs), io.dtype)
    return {"low": low, "high": high}


def real_clamp(attrs: Any, io: Io) -> Fields:
    """`iseul_real_pair_t` behind `shape`."""
    return fields.clamp_f32(activation_of(attrs))


def aligned(
    attrs: Any, io: Io, multipliers: Callable[[Io], Multipliers], b_sign: int
) -> dict[str, Field]:
    """`iseul_aligned_t` behind `shape`."""
    m = multipliers(io)
    a, b, out = (quantized.zero_point(value) for value in (*io.inputs, *io.outputs))
    return {
        "left_shift": m.left_shift,
        "a_zero_point": a,
        "a_multiplier": m.a[0],
        "a_shift": m.a[1],
        "b_zero_point": b,
        "b_multiplier": m.b[0],
        "b_shift": m.b[1],
        "b_sign": b_sign,
        "multiplier": m.out[0],
        "shift": m.out[1],
        "zero_point": out,
        **fields.clamp_s8(io, activation_of(attrs)),
    }


# --- tables of one operand


def _moving_operand(io: Io) -> int | None:
    """The position of the only byte that the result depends on, if there is one."""
    if len(io.inputs) != 2 or any(value.dtype != "int8" for value in (*io.inputs, *io.outputs)):
        return None
    for moving, other in ((0, 1), (1, 0)):
        x, y = io.inputs[moving], io.inputs[other]
        if x.is_constant or x.n_elements != io.outputs[0].n_elements:
            continue
        if x.name == y.name or (y.is_constant and y.n_elements == 1):
            return moving
    return None


def one_operand_moves(attrs: Any, io: Io) -> str | None:
    """one int8 operand is as large as the int8 result, the other one constant, or both are one"""
    if _moving_operand(io) is not None:
        return None
    return f"shapes are {' and '.join(str(value.shape) for value in io.inputs)}"


def _passed(attrs: Any, io: Io) -> tuple[int, ...]:
    return (_moving_operand(io) or 0,)


def on_every(attrs: Any, io: Io) -> Io:
    """The op on a row of 256, of its moving operand."""
    moving = _moving_operand(io) or 0
    values = [
        replace(value, shape=(256,))
        if i == moving or value.name == io.inputs[moving].name
        else replace(value, shape=(1,), data=frozen_array(fields.data_of(value).reshape(1)))
        for i, value in enumerate(io.inputs)
    ]
    return Io(tuple(values), tuple(replace(value, shape=(256,)) for value in io.outputs))


def lookup(op: str) -> Card:
    """The card of an op whose result depends on one int8."""
    emit, proofs = table_of(op, on_every)

    def cost(attrs: Any, io: Io) -> int:
        """6 per value."""
        return 6 * io.outputs[0].n_elements

    return Card(
        "iseul_lookup_s8",
        "iseul_lookup_s8_t",
        (one_operand_moves,),
        cost,
        emit,
        inputs=_passed,
        overlap=value_by_value,
        proofs=proofs,
    )
