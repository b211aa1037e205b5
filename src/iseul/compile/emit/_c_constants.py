# SPDX-License-Identifier: Apache-2.0
"""Everything constant that a generated model holds: tables and parameter structs, with sizes.

`compile.check` counts bytes with the same code that emits them, so the number is exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.emit._c_text import C_TYPE, dims, fresh, identifier, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.lower import Lowered
    from iseul.numerics import Array

TABLE_ALIGNMENT = 4  # ISEUL_TABLE: kernels may load words
WORD = 4  # every field of a parameter struct: int32, float, or a pointer on a 32-bit target


@dataclass(frozen=True, eq=False)
class Table:
    """A constant array of C.

    name:    without the model's prefix
    comment: what it is, for the reader of the C
    """

    name: str
    data: Array
    comment: str

    @property
    def c_type(self) -> str:
        return C_TYPE[self.data.dtype.name]

    @property
    def n_bytes(self) -> int:
        """Bytes in flash, alignment included."""
        return -(-self.data.nbytes // TABLE_ALIGNMENT) * TABLE_ALIGNMENT


@dataclass(frozen=True, eq=False)
class Constants:
    """All tables of a model, and for each step the struct's fields with tables by name.

    params:   node name -> fields; pointers to tables are `Pointer`
    calls:    of nodes that run by bands: (node name, shape of a call) -> fields
    operands: value name -> name of the table that holds a constant passed to a kernel
    initial:  state's value name -> name of the table of its start; zeros have none
    """

    tables: tuple[Table, ...]
    params: Mapping[str, Mapping[str, Any]]
    operands: Mapping[str, str]
    initial: Mapping[str, str]
    calls: Mapping[tuple[str, tuple[int, ...]], Mapping[str, Any]] = field(default_factory=dict)

    @property
    def n_bytes(self) -> int:
        """Tables and structs on a 32-bit target."""
        structs = (*self.params.values(), *self.calls.values())
        return sum(table.n_bytes for table in self.tables) + sum(map(_struct_bytes, structs))


@dataclass(frozen=True)
class Pointer:
    """A field that points to a table."""

    table: str


def bytes_of(fields: Mapping[str, Any]) -> int:
    """Bytes of a step's tables and struct, were nothing shared with other steps."""
    tables: list[Table] = []

    def see(key: str, array: Array) -> str:
        tables.append(Table(key, array, ""))
        return key

    _walk(fields, see)
    return _struct_bytes(fields) + sum(table.n_bytes for table in tables)


def _struct_bytes(fields: Mapping[str, Any]) -> int:
    total = 0
    for value in fields.values():
        if isinstance(value, dict):
            total += _struct_bytes(value)
        elif isinstance(value, tuple):
            total += WORD * len(value)
        else:
            total += WORD
    return total


def _walk(fields: Mapping[str, Any], visit: Any) -> dict[str, Any]:
    """The fields with every array replaced by `visit(key, array)`."""
    return {
        key: _walk(value, visit)
        if isinstance(value, dict)
        else visit(key, value)
        if isinstance(value, np.ndarray)
        else value
        for key, value in fields.items()
    }


class _Pool:
    """Tables by content: equal bytes of one type are stored once."""

    def __init__(self) -> None:
        self.tables: list[Table] = []
        self._names: set[str] = set()
        self._known: dict[tuple[str, bytes], str] = {}

    def add(self, stem: str, data: Array, comment: str) -> str:
        data = np.ascontiguousarray(data)
        if data.dtype == np.bool_:
            data = data.astype(np.uint8)
        key = (data.dtype.name, data.tobytes())
        if key not in self._known:
            self._known[key] = fresh(self._names, stem)
            self.tables.append(Table(self._known[key], data, comment))
        return self._known[key]


def collect(lowered: Lowered) -> Constants:
    """All constants of a lowered graph, in the order of the steps."""
    pool = _Pool()
    graph = lowered.graph
    params: dict[str, Mapping[str, Any]] = {}
    calls: dict[tuple[str, tuple[int, ...]], Mapping[str, Any]] = {}
    operands: dict[str, str] = {}
    homes = lowered.homes
    parts = [(step.name, node) for step in lowered.steps for node in lowered.parts(step)]
    for step, node in parts:
        if node.name not in lowered.cards:
            continue
        card, stem = lowered.cards[node.name], identifier(node.name)

        def put(key: str, array: Array, stem: str = stem, name: str = node.name) -> Pointer:
            comment = f"{printable(name)}: {key} {dims(array.shape)}"
            return Pointer(pool.add(f"{stem}_{key}", array, comment))

        if step in lowered.groups:
            bands = lowered.groups[step].bands
            for call in bands.calls_of(node):
                calls[node.name, call.shape] = _walk(card.emit(*bands.of_call(call)), put)
        else:
            params[node.name] = _walk(card.emit(node.attrs, graph.io(node)), put)
        for i in card.passed(node.attrs, graph.io(node)):
            home = homes[node.inputs[i]]
            data = graph.values[home].data
            if data is not None:
                operands[home] = pool.add(
                    f"{identifier(home)}_data", data, f"{printable(home)} {dims(data.shape)}"
                )
    initial = {
        state.value: pool.add(
            f"{identifier(state.value)}_initial",
            state.initial,
            f"{printable(state.value)} at start",
        )
        for state in graph.states
        if np.any(state.initial)
    }
    return Constants(tuple(pool.tables), params, operands, initial, calls)


def unsupported_bytes(lowered: Lowered) -> int:
    """Bytes of the constants that nodes without a kernel read, as the graph holds them."""
    names = {
        name for node in lowered.steps if node.name not in lowered.cards for name in node.inputs
    }
    values = (lowered.graph.values[name] for name in names)
    return sum(value.n_bytes for value in values if value.is_constant)
