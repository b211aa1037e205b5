# SPDX-License-Identifier: Apache-2.0
"""Cards of ops that move values: walks by steps, by tables of offsets, and borders.

Elements are copied by their size, whatever they are. Where enough of them lie together, whole
runs are copied.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels._card import Card
from iseul.graph.ops._moving import MAX_AXES
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.compile.kernels._card import Field, Fields, Rule
    from iseul.compile.kernels._walk import Walk
    from iseul.graph.ir import Io, Value
    from iseul.numerics import Array

    WalkOf = Callable[[Any, Io], Walk]
    TablesOf = Callable[[Any, Io], Sequence[Array]]


def element_bytes(value: Value) -> int:
    """Bytes of one element."""
    return storage(value.dtype).itemsize


def run_bytes(walk_of: WalkOf, attrs: Any, io: Io) -> int:
    """Bytes that lie together in a walk."""
    return walk_of(attrs, io).runs()[1] * element_bytes(io.inputs[0])


def elements_of(n_bytes: int) -> Rule:
    """The rule that elements have so many bytes."""

    def rule(attrs: Any, io: Io) -> str | None:
        first = io.inputs[0]
        found = element_bytes(first)
        return None if found == n_bytes else f'"{first.name}" is {first.dtype}'

    rule.__doc__ = f"elements have {8 * n_bytes} bits"
    return rule


def few_loops(walk_of: WalkOf) -> Rule:
    """The rule that a walk has few axes."""

    def rule(attrs: Any, io: Io) -> str | None:
        n = len(walk_of(attrs, io).merged().axes)
        return None if n <= MAX_AXES else f"{n} loops are needed"

    rule.__doc__ = f"at most {MAX_AXES} axes remain after those that lie together are merged"
    return rule


def renames(walk_of: WalkOf) -> Card:
    """The card without code where a walk meets every element in its order."""

    def nothing_moves(attrs: Any, io: Io) -> str | None:
        """elements stay in their order"""
        whole = io.inputs[0].n_elements == io.outputs[0].n_elements
        return None if whole and walk_of(attrs, io).changes_nothing else "elements move"

    def cost(attrs: Any, io: Io) -> int:
        """Nothing."""
        return 0

    def emit(attrs: Any, io: Io) -> Fields:
        return {}

    return Card("alias", "", (nothing_moves,), cost, emit, alias=True)


def int32(values: Sequence[int]) -> Array:
    """A table of the parameter struct."""
    return np.array(values, np.int32)


def walk_fields(walk: Walk, run: int, unit: int = 1) -> Fields:
    """`iseul_move_t`; unit: bytes of an element where steps are in bytes."""
    return {
        "n_axes": len(walk.axes),
        "size": int32([size for size, _ in walk.axes]),
        "step": int32([step * unit for _, step in walk.axes]),
        "start": walk.start * unit,
        "run": run * unit,
    }


def walk_cards(walk_of: WalkOf) -> tuple[Card, ...]:
    """The cards of an op that walks through its first input.

    walk_of: (attrs, io) -> the place of each element of the output
    """

    def cost_runs(attrs: Any, io: Io) -> int:
        """38 per run, 1 per byte."""
        n_bytes = io.outputs[0].n_bytes
        return 20 + 38 * (n_bytes // run_bytes(walk_of, attrs, io)) + n_bytes

    def cost_elements(attrs: Any, io: Io) -> int:
        """5 per element, 31 per row of the innermost loop."""
        n, last = io.outputs[0].n_elements, walk_of(attrs, io).merged().axes[-1][0]
        return 20 + 5 * n + 31 * (n // last)

    def emit_runs(attrs: Any, io: Io) -> Fields:
        walk, run = walk_of(attrs, io).runs()
        return walk_fields(walk, run, element_bytes(io.inputs[0]))

    def emit_elements(attrs: Any, io: Io) -> Fields:
        return walk_fields(walk_of(attrs, io).merged(), 1)

    few = few_loops(walk_of)
    runs = Card("iseul_move_runs", "iseul_move_t", (few,), cost_runs, emit_runs)
    single = [
        Card(
            f"iseul_move_b{8 * n}",
            "iseul_move_t",
            (elements_of(n), few),
            cost_elements,
            emit_elements,
        )
        for n in (1, 2, 4, 8)
    ]
    return (renames(walk_of), runs, *single)


def tables_merged(tables: Sequence[Array], unit: int) -> tuple[list[Array], int]:
    """(the fewest tables of offsets in bytes, bytes that lie together at each place).

    tables: per axis, outermost first, the offset in elements that each index adds
    unit:   bytes of an element
    """
    kept = [np.asarray(table, np.int64) for table in tables]
    run = 1
    while kept and np.array_equal(kept[-1], np.arange(len(kept[-1])) * run):
        run *= len(kept.pop())
    # what one axis adds is added once, in front
    spread = [table for table in kept if len(table) > 1]
    rest = sum(int(table[0]) for table in kept if len(table) == 1)
    spread = _joined(spread) or [np.zeros(1, np.int64)]
    spread[0] = spread[0] + rest
    return [table * unit for table in spread], run * unit


def _joined(tables: list[Array]) -> list[Array]:
    """Neighbours as one table where that is no longer than both."""
    for i, (a, b) in enumerate(pairwise(tables)):
        if len(a) * len(b) <= len(a) + len(b):
            both = (a[:, None] + b[None, :]).ravel()
            return _joined([*tables[:i], both, *tables[i + 2 :]])
    return tables


def table_fields(tables: Sequence[Array], run: int) -> dict[str, Field]:
    """The first fields of `iseul_pick_t` and `iseul_place_t`."""
    return {
        "n_axes": len(tables),
        "size": int32([len(table) for table in tables]),
        "offset": int32(np.concatenate(list(tables)).tolist()),
        "run": run,
    }


def pick_card(tables_of: TablesOf) -> Card:
    """The card of an op whose output stands in its first input at sums of offsets.

    tables_of: (attrs, io) -> per axis of the output the offset in elements of each index
    """

    def merged(attrs: Any, io: Io) -> tuple[list[Array], int]:
        return tables_merged(tables_of(attrs, io), element_bytes(io.inputs[0]))

    def few(attrs: Any, io: Io) -> str | None:
        n = len(merged(attrs, io)[0])
        return None if n <= MAX_AXES else f"{n} loops are needed"

    few.__doc__ = f"at most {MAX_AXES} axes remain after those that lie together are merged"

    def cost(attrs: Any, io: Io) -> int:
        """58 per run, 1 per byte."""
        n_bytes = io.outputs[0].n_bytes
        return 20 + 58 * (n_bytes // merged(attrs, io)[1]) + n_bytes

    def emit(attrs: Any, io: Io) -> Fields:
        return table_fields(*merged(attrs, io))

    return Card("iseul_pick", "iseul_pick_t", (few,), cost, emit)


def element_words(number: float, value: Value) -> tuple[int, int]:
    """The bits of a number of the value's kind as two words: one element, repeated."""
    kind = storage(value.dtype).newbyteorder("<")
    bits = np.array([number]).astype(kind).tobytes()
    low, high = np.frombuffer(bits * (8 // len(bits)), "<i4").tolist()
    return low, high


def border_fields(number: float, out: Value) -> dict[str, Field]:
    """The last fields of `iseul_pad_t` and `iseul_place_t`."""
    low, high = element_words(number, out)
    return {"n_bytes": out.n_bytes, "border": low, "high": high}
