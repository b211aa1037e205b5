# SPDX-License-Identifier: Apache-2.0
"""Which nodes run by bands of rows, so that the values between them never exist whole.

The fullest step decides. All groups around it are looked at, with bands of 1, 2, 3, 4, 6, 8 ..
rows, and the one is taken that leaves the fewest bytes at the fullest step, then the fewest
predicted instructions; this is done again as long as it helps. Last, groups that are not needed
go, and bands become as high as the arena allows.

(Alwani, Chen, Ferdman, Milder: Fused-Layer CNN Accelerators, MICRO 2016, keep rows between layers
so; ours are scheduled for one core and planned as any other buffer.)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from iseul.compile import select
from iseul.compile.bands import is_closed, make_bands, row_bytes, walk_of
from iseul.compile.plan import Buffer, arena_bytes, place
from iseul.graph.ir import Node

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.compile.bands import Bands, Call
    from iseul.compile.kernels._card import Card
    from iseul.compile.lower import Lowered
    from iseul.compile.proofs import Proof
    from iseul.compile.select import Choice, Goal
    from iseul.graph.stream._frames import Window

_MOST_NODES = 12  # of a group
_HEIGHTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)  # rows of a band
_ROUNDS = 8
_MOST_PLANS = 8  # of groups that make the fullest step as small as any
_CALL = 250  # predicted instructions of a call more, beside its kernel's own cost
_MOVE = 30  # and of rows that are kept, beside half an instruction per byte

SPEED_PERCENT = 1  # instructions that goal "speed" gives for a smaller arena, at most
SPEED_GAIN_PERCENT = 5  # and what the arena must lose for it


@dataclass(frozen=True, eq=False)
class Fused:
    """A group of nodes that is one step, with a kernel for each.

    choices:   of its nodes, by name
    workspace: the buffers of the values between the nodes and of scratch, inside the bytes that
               the step has for itself
    cost:      predicted instructions
    distances: input -> as `Card.overlap` gives it
    """

    bands: Bands
    choices: Mapping[str, Choice]
    workspace: tuple[Buffer, ...]
    cost: int
    distances: Mapping[str, int]

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.bands.nodes

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(node.name for node in self.bands.nodes)

    @property
    def workspace_bytes(self) -> int:
        return arena_bytes(self.workspace)

    def as_node(self) -> Node:
        """The group as one node, with the name of its last one: what a plan wants to know."""
        last = self.bands.nodes[-1]
        kernels = dict.fromkeys(self.choices[name].card.symbol for name in self.names)
        return Node(
            last.name, last.op, self.bands.inputs, last.outputs, last.attrs, ", ".join(kernels)
        )

    def why(self) -> str:
        """For people."""
        n = self.bands.n_rows
        return f"{len(self.nodes)} nodes in turns, {n} row{'s' * (n > 1)} at a time"


def fuse(lowered: Lowered, goal: Goal) -> Lowered:
    """The same with groups by bands, where that makes the arena smaller at a price that the goal
    allows: for "ram" any, for "speed" at most 1 % more predicted instructions for at least 5 %
    less arena; for all goals any, where the board's RAM is too small without.
    """
    if lowered.blockers or lowered.target.core == "host":
        return lowered
    before = lowered.plan().arena_bytes
    states = sum(lowered.graph.values[state.value].n_bytes for state in lowered.graph.states)
    search = Search(lowered)
    little = lowered.cost * (100 + SPEED_PERCENT) // 100
    enough = before * (100 - SPEED_GAIN_PERCENT) // 100
    if goal == "ram" or before + states > lowered.target.ram_bytes:
        found = min(search.smallest(before - 1, little), search.smallest(before - 1), key=_planned)
        if goal == "ram" or found is lowered:
            return found
        note = f"nodes run by bands of rows: without, the arena takes {before:,} bytes"
        return replace(found, notes=(*lowered.notes, note))
    return search.smallest(enough, little) if goal == "speed" else lowered


def _planned(lowered: Lowered) -> tuple[int, int]:
    return lowered.plan().arena_bytes, lowered.cost


def _soon(lowered: Lowered) -> tuple[int, int]:
    return lowered.about_bytes, lowered.cost


class Search:
    """Groups of a lowered graph that has none yet.

    nodes: those with code, in order; groups are runs of them
    """

    def __init__(self, lowered: Lowered) -> None:
        self.lowered = lowered
        self.nodes = lowered.steps
        self.number = {node.name: i for i, node in enumerate(self.nodes)}
        self.walks = [self._walk(node) for node in self.nodes]
        self.known: dict[tuple[int, int, int], Fused | None] = {}
        self.prices: dict[tuple[str, str, tuple[int, ...]], tuple[int, int] | None] = {}
        self.proven: dict[tuple[str, str], tuple[Proof, ...] | None] = {}

    def _walk(self, node: Node) -> Window | None:
        card = self.lowered.cards[node.name]
        return None if card.arrays else walk_of(self.lowered.graph, node)

    def smallest(self, most_bytes: int, most_cost: int | None = None) -> Lowered:
        """The smallest arena that is found, or the graph as it is.

        most_bytes: of an arena that is of use
        most_cost:  predicted instructions; None for any
        """
        best = now = self.lowered
        for _ in range(_ROUNDS):
            found = self._better(now, most_bytes, most_cost)
            if found is None:
                break
            now = found
            if _soon(now) < _soon(best):
                best = now
        if best is self.lowered:
            return best
        best = self._plainer(best, most_cost)
        return best if best.plan().arena_bytes <= most_bytes else self.lowered

    def _better(self, now: Lowered, most_bytes: int, most_cost: int | None) -> Lowered | None:
        """One group more, or a larger one, that makes the fullest step less full."""
        steps = now.steps
        loads = {i: load for i, load in now.loads.items() if i < len(steps)}
        most = max(loads.values(), default=0)
        limit = (most, sum(load == most for load in loads.values()))
        ways: list[tuple[tuple[int, int, int], Lowered]] = []
        taken = [self._span(fused) for fused in now.fused]
        for first, last in self._runs(now, [steps[i] for i in loads if loads[i] == most]):
            inside = [(a, b) for a, b in taken if first <= a and b <= last]
            if any(a <= last and first <= b for a, b in set(taken) - set(inside)):
                continue
            if self._least(first, last) > min(most - 1, most_bytes):
                continue
            others = [one for one in now.fused if self._span(one) not in inside]
            for height in _HEIGHTS:
                fused = self.group(first, last, height)
                if fused is None:
                    continue
                found = with_groups(self.lowered, [*others, fused])
                rank = _full(found)
                if rank[:2] >= limit:
                    break  # higher bands take more
                if most_cost is None or found.cost <= most_cost:
                    ways.append((rank, found))
        ways.sort(key=lambda way: way[0])
        best = None
        for (least, *_), found in ways[:_MOST_PLANS]:
            if best is not None and best.about_bytes <= least:
                break
            if best is None or _soon(found) < _soon(best):
                best = found
        return best

    def _plainer(self, best: Lowered, most_cost: int | None) -> Lowered:
        """Without groups that are not needed, with bands as high as the arena allows."""
        for one in best.fused:
            others = [other for other in best.fused if other is not one]
            ways = [with_groups(self.lowered, others)]
            for height in _HEIGHTS:
                fused = self.group(*self._span(one), height)
                if fused is not None:
                    ways.append(with_groups(self.lowered, [*others, fused]))
            for way in sorted(ways, key=lambda way: way.cost):
                allowed = most_cost is None or way.cost <= most_cost
                # placing takes time: only where it can be better
                if allowed and _full(way)[0] <= best.about_bytes and _soon(way) < _soon(best):
                    best = way
        return best

    def _span(self, fused: Fused) -> tuple[int, int]:
        return self.number[fused.names[0]], self.number[fused.names[-1]]

    def _runs(self, now: Lowered, full: Sequence[Node]) -> list[tuple[int, int]]:
        """First and last node of the runs of nodes that touch one of the fullest steps."""
        found = set()
        for step in full:
            numbers = [self.number[node.name] for node in now.parts(step)]
            low, high = numbers[0] - 1, numbers[-1] + 1
            for first in range(max(0, low - _MOST_NODES), high + 1):
                for last in range(max(first + 1, low), min(first + _MOST_NODES, len(self.nodes))):
                    if any(walk is None for walk in self.walks[first : last + 1]):
                        break
                    if is_closed(self.lowered.graph, self.nodes[first : last + 1]):
                        found.add((first, last))
        return sorted(found)

    def _least(self, first: int, last: int) -> int:
        """Bytes that the group takes at least, with bands of one row: the largest value from
        outside or the output, and of each value between as many rows as a window reads.
        """
        graph = self.lowered.graph
        made = {node.outputs[0] for node in self.nodes[first:last]}
        rows: dict[str, int] = {}
        outer = graph.values[self.nodes[last].outputs[0]].n_bytes
        for i in range(first, last + 1):
            walk = self.walks[i]
            for name in self.nodes[i].inputs:
                value = graph.values[name]
                if name in made and walk is not None:
                    rows[name] = max(rows.get(name, 0), min(walk.span, value.shape[1]))
                elif not value.is_constant:
                    outer = max(outer, value.n_bytes)
        between = (n * row_bytes(graph.values[name]) for name, n in rows.items())
        return outer + max(between, default=0)

    def group(self, first: int, last: int, height: int) -> Fused | None:
        """The nodes first .. last by bands of so many rows; None where they can not."""
        key = (first, last, height)
        if key not in self.known:
            self.known[key] = self._group(*key)
        return self.known[key]

    def _group(self, first: int, last: int, height: int) -> Fused | None:
        graph, nodes = self.lowered.graph, self.nodes[first : last + 1]
        if height > 1 and height >= graph.values[nodes[-1].outputs[0]].shape[1]:
            return None
        walks = [walk for walk in self.walks[first : last + 1] if walk is not None]
        bands = make_bands(graph, nodes, walks, height)
        if bands is None:
            return None
        calls = Counter(call.shape for band in bands.bands for call in band.calls)
        one = {call.shape: call for band in bands.bands for call in band.calls}
        choices: dict[str, Choice] = {}
        scratch: dict[str, int] = {}
        cost = _CALL * calls.total()
        for i, node in enumerate(nodes):
            shapes = [(one[shape], n) for shape, n in calls.items() if shape[0] == i]
            found = self._kernel(bands, node, shapes)
            if found is None:
                return None
            choices[node.name], price, scratch[node.name] = found
            cost += price
        for band in bands.bands:
            for keep in band.keeps.values():
                cost += _MOVE + keep.n * bands.row_bytes(keep.value) // 2
        final = choices[nodes[-1].name].card
        distances = bands.distances(lambda call: final.overlap(*bands.of_call(call)))
        workspace = _workspace(bands, scratch)
        return Fused(bands, MappingProxyType(choices), workspace, cost, distances)

    def _kernel(
        self, bands: Bands, node: Node, calls: Sequence[tuple[Call, int]]
    ) -> tuple[Choice, int, int] | None:
        """The cheapest kernel that can make all calls, whose proofs hold; its price and scratch."""
        target = self.lowered.target
        priced = []
        for card in select.cards_of(node.op):
            if card.isa not in target.isas or card.alias or card.arrays:
                continue
            if self.lowered.notes and card is not self.lowered.cards[node.name]:
                continue  # the flash is too small for other constants
            found = [(self._price(bands, node, card, call), n) for call, n in calls]
            known = [(price, n) for price, n in found if price is not None]
            if len(known) == len(found):
                total = sum(n * price for (price, _), n in known)
                priced.append((total, max(scratch for (_, scratch), _ in known), card))
        for total, scratch, card in sorted(priced, key=lambda one: one[0]):
            proofs = self._proofs(bands, node, card, calls[0][0])
            if proofs is not None:
                why = f"cheapest of {len(priced)} for bands of rows"
                return select.Choice(card, why, proofs), total, scratch
        return None

    def _price(self, bands: Bands, node: Node, card: Card, call: Call) -> tuple[int, int] | None:
        """Predicted instructions and scratch of a call; None where the kernel does not fit."""
        key = (node.name, f"{card.symbol} {card.isa}", call.shape[1:])
        if key not in self.prices:
            attrs, io = bands.of_call(call)
            core = self.lowered.target.core
            self.prices[key] = (
                (card.predicted(attrs, io, core), card.scratch_bytes(attrs, io))
                if card.misfit(attrs, io) is None
                else None
            )
        return self.prices[key]

    def _proofs(self, bands: Bands, node: Node, card: Card, call: Call) -> tuple[Proof, ...] | None:
        """Of a kernel, if they hold: they are about weights and scales, not about rows."""
        key = (node.name, f"{card.symbol} {card.isa}")
        if key not in self.proven:
            proofs = card.proofs(*bands.of_call(call))
            self.proven[key] = proofs if all(proof.holds() for proof in proofs) else None
        return self.proven[key]


def _full(lowered: Lowered) -> tuple[int, int, int]:
    """Bytes at the fullest step, how many steps are as full, predicted instructions."""
    loads = lowered.loads.values()
    most = max(loads, default=0)
    return most, sum(load == most for load in loads), lowered.cost


def _workspace(bands: Bands, scratch: Mapping[str, int]) -> tuple[Buffer, ...]:
    """Buffers of the values between the nodes, and of scratch, placed. Times are nodes."""
    nodes = bands.nodes
    made = {node.outputs[0]: i for i, node in enumerate(nodes[:-1])}
    buffers = []
    for name, i in made.items():
        readers = [k for k, node in enumerate(nodes) if name in node.inputs]
        first, last = (0, len(nodes) - 1) if name in bands.kept else (i, max(readers))
        n_bytes = bands.held[name] * bands.row_bytes(name)
        buffers.append(Buffer(name, -1, n_bytes, first, last, "value"))
    for i, node in enumerate(nodes):
        if scratch[node.name] > 0:
            buffers.append(Buffer(f"{node.name} scratch", -1, scratch[node.name], i, i, "scratch"))
    return place(buffers)


def with_groups(lowered: Lowered, groups: Sequence[Fused]) -> Lowered:
    """A graph that has no groups, with these."""
    choices = {**lowered.choices, **{n: c for one in groups for n, c in one.choices.items()}}
    return replace(lowered, choices=MappingProxyType(choices), fused=tuple(groups))
