# SPDX-License-Identifier: Apache-2.0
"""Operations on two or more values, most with broadcasting."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _pair(op: Operation, *, kind: str) -> list[Node]:
    return [op.node(kind, [op.input(0), op.input(1)])]


def _clamped_pair(op: Operation, *, kind: str) -> list[Node]:
    """An op whose options begin with the fused activation."""
    activation = op.activation(schema.AddOptions.ACTIVATION)
    return [op.node(kind, [op.input(0), op.input(1)], activation=activation)]


def _select_v2(op: Operation) -> list[Node]:
    return [op.node("select", [op.input(0), op.input(1), op.input(2)])]


def _select(op: Operation) -> list[Node]:
    """The older op: a condition of one axis says which rows of the choices are taken."""
    condition, x = op.input(0), op.input(1)
    before = []
    if len(condition.shape) == 1 < len(x.shape):
        rows = (condition.shape[0], *(1 for _ in x.shape[1:]))
        reshape, condition = op.before("reshape", condition, rows, shape=rows)
        before.append(reshape)
    return [*before, op.node("select", [condition, x, op.input(2)])]


def _logical_not(op: Operation) -> list[Node]:
    return [op.node("logical_not", [op.input(0)])]


def _add_n(op: Operation) -> list[Node]:
    return [op.node("add_n", [op.input(i) for i in range(len(op.inputs))])]


_MOST_ADDENDS = 256  # a file with more is hostile, not a model

_CLAMPED = {
    "ADD": schema.AddOptions.UNION,
    "DIV": schema.DivOptions.UNION,
    "MUL": schema.MulOptions.UNION,
    "SUB": schema.SubOptions.UNION,
}
_PLAIN = (
    *("EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"),
    *("LOGICAL_AND", "LOGICAL_OR", "MAXIMUM", "MINIMUM", "NOT_EQUAL", "PRELU"),
    "SQUARED_DIFFERENCE",
)

CONVERTERS: dict[str, Entry] = {
    **{
        name: Entry(partial(_clamped_pair, kind=name.lower()), 2, union)
        for name, union in _CLAMPED.items()
    },
    **{name: Entry(partial(_pair, kind=name.lower()), 2) for name in _PLAIN},
    "ADD_N": Entry(_add_n, _MOST_ADDENDS),
    "LOGICAL_NOT": Entry(_logical_not, 1),
    "SELECT": Entry(_select, 3),
    "SELECT_V2": Entry(_select_v2, 3),
}
