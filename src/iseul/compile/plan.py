# SPDX-License-Identifier: Apache-2.0
"""The memory plan: lifetimes of all buffers, and an offset in the arena for each.

A step is one executed node, in the graph's order. A value lives from the step that makes it to
the last step that reads it; graph inputs from step 0, because the caller writes them before;
outputs to the last step, because they are read after it. A next state is copied to its state as
soon as no later step reads the state before it, and lives until then. Scratch lives for one step.
Values that a reshape renames share one buffer. Constants and states are not in the arena.
A next state that its kernel can write over the state itself is written there and nowhere else.

Many kernels go through their input and their output in the same direction, so that an output
may lie over the input's bytes that are not read any more: anywhere at least `distance` bytes
below the input. The card of a kernel knows that distance from its loops.

Placing is greedy: one buffer after the other, each at the lowest offset where it is in the way
of no placed buffer that is alive at the same time (Pisarchyk, Lee: Efficient Memory Management
for Deep Neural Net Inference, 2020). Several orders are tried, then changes of the best one,
until the lower bound is reached or the search is used up; it is seeded, so plans repeat.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iseul.graph.ir import Graph, Node, Value

Kind = Literal["value", "scratch", "input"]

ALIGNMENT = 4  # of every offset: kernels may load words; 8 for types of 8 bytes

IN_PLACE = -1  # a distance: the output begins where the input begins, or shares no byte with it

MOST_TRIES = 300  # changes of the order of placing
_MOST_WORK = 1_000_000  # tries times pairs of buffers: about half a second


@dataclass(frozen=True)
class Buffer:
    """A piece of the arena for the steps `first_step` .. `last_step`.

    name:   the value's name, or the node's and " scratch"
    offset: in bytes; -1 before it is placed
    """

    name: str
    offset: int
    n_bytes: int
    first_step: int
    last_step: int
    kind: Kind
    alignment: int = ALIGNMENT

    @property
    def end(self) -> int:
        return self.offset + self.n_bytes

    def meets(self, other: Buffer) -> bool:
        """Whether both are alive at some step."""
        return self.first_step <= other.last_step and other.first_step <= self.last_step


@dataclass(frozen=True)
class Overlap:
    """The buffer `writes` may share bytes with `reads` if it lies >= `distance` bytes below it,
    or, for IN_PLACE, exactly there.

    reads:  name of a buffer that is read for the last time in the step that makes `writes`
    """

    reads: str
    writes: str
    distance: int


@dataclass(frozen=True)
class Plan:
    """Where everything lies.

    arena_bytes:       end of the highest buffer, nothing behind it
    lower_bound_bytes: most bytes alive at one step, overlaps used as far as they go; no plan
                       of this order of steps can have less
    apart_bound_bytes: the same if no two buffers ever shared a byte
    alignment:         the arena's address is a multiple of it
    buffers:           inputs first, then in the order of the steps
    homes:             value name -> name of the buffer that holds it
    commits:           state's value -> the step behind which its next value becomes it; states
                       that are their own next value have none
    kept:              next value -> the state that it is written over, in place of the arena
    unfused_bytes:     what the arena would be without bands of rows; 0 where no nodes run so
    """

    arena_bytes: int
    lower_bound_bytes: int
    apart_bound_bytes: int
    alignment: int
    buffers: tuple[Buffer, ...]
    homes: Mapping[str, str]
    commits: Mapping[str, int]
    kept: Mapping[str, str] = field(default_factory=dict)
    unfused_bytes: int = 0

    @property
    def gap_percent(self) -> float:
        """How far the arena is above the lower bound; 0 for an empty one."""
        over = self.arena_bytes - self.lower_bound_bytes
        return round(100 * over / max(1, self.lower_bound_bytes), 2)

    def offset_of(self, value: str) -> int:
        """Arena offset of a value, reshaped ones included; KeyError if it is not there."""
        home = self.homes[value]
        return next(buffer.offset for buffer in self.buffers if buffer.name == home)

    def live_at(self, step: int) -> tuple[Buffer, ...]:
        """The buffers alive at a step."""
        return tuple(b for b in self.buffers if b.first_step <= step <= b.last_step)


def loads(buffers: Iterable[Buffer], overlaps: Iterable[Overlap] = ()) -> dict[int, int]:
    """Step -> bytes alive, less what the best overlap of that step can save; of the steps at which
    this can be most.
    """
    known = list(buffers)
    by_name = {buffer.name: buffer for buffer in known}
    saved: dict[int, int] = {}
    for overlap in overlaps:
        reads, writes = by_name[overlap.reads], by_name[overlap.writes]
        at = writes.first_step
        shared = min(writes.n_bytes - max(overlap.distance, 0), reads.n_bytes)
        # several inputs may lie over one output, but not over each other
        saved[at] = saved.get(at, 0) + max(0, shared)
    found = {}
    # a sum can only grow where a buffer begins; where one saves, the step after it counts too
    for at in {b.first_step for b in known} | {step + 1 for step in saved}:
        alive = [b.n_bytes for b in known if b.first_step <= at <= b.last_step]
        found[at] = max(sum(alive) - saved.get(at, 0), *alive, 0)
    return found


def lower_bound(buffers: Iterable[Buffer], overlaps: Iterable[Overlap] = ()) -> int:
    """Most bytes alive at one step, less what the best overlap of that step can save."""
    return max(loads(buffers, overlaps).values(), default=0)


def place(
    buffers: Sequence[Buffer], overlaps: Sequence[Overlap] = (), tries: int = MOST_TRIES
) -> tuple[Buffer, ...]:
    """The buffers with offsets, in the order given. tries: changes of the order, at most."""
    bound = lower_bound(buffers, overlaps)
    search = _Search(buffers, overlaps)
    for order in (_by_size, _by_size_and_time, _by_start, _by_end):
        search.consider(sorted(range(len(buffers)), key=lambda i: (*order(buffers[i]), i)))
        if search.best_bytes <= bound:
            break
    if overlaps:
        search.from_pivots(bound)
    search.improve(bound, tries)
    if overlaps and search.best_bytes > bound:  # an overlap that is taken can cost more elsewhere
        plain = place(buffers, tries=tries)
        if arena_bytes(plain) < search.best_bytes:
            return plain
    return search.placed()


class _Search:
    """The best placing found so far, and changes of the order that it came from."""

    def __init__(self, buffers: Sequence[Buffer], overlaps: Sequence[Overlap]) -> None:
        self.buffers = buffers
        index = {buffer.name: i for i, buffer in enumerate(buffers)}
        # (reading, writing) buffer by number -> distance
        self.distance = {(index[o.reads], index[o.writes]): o.distance for o in overlaps}
        n = len(buffers)
        self.meets = [
            [j for j in range(n) if j != i and buffers[i].meets(buffers[j])] for i in range(n)
        ]
        self.best: list[int] = []  # offsets
        self.best_bytes = -1
        self.best_order: list[int] = []

    def consider(self, order: Sequence[int]) -> None:
        """Place the buffers in this order; keep the result if it is smaller."""
        placed = self._place(order)
        size = max((at + b.n_bytes for at, b in zip(placed, self.buffers, strict=True)), default=0)
        if self.best_bytes < 0 or size < self.best_bytes:
            self.best, self.best_bytes, self.best_order = placed, size, list(order)

    def placed(self) -> tuple[Buffer, ...]:
        """The best placing."""
        pairs = zip(self.buffers, self.best, strict=True)
        return tuple(replace(buffer, offset=offset) for buffer, offset in pairs)

    def from_pivots(self, bound: int) -> None:
        """From a step backwards, then from there on: overlaps ask for a place above what is
        made of a buffer, so that the fullest steps are placed before what leads to them.
        """
        n = len(self.buffers)
        alive: dict[int, int] = {}
        for step in {buffer.first_step for buffer in self.buffers}:
            found = (b.n_bytes for b in self.buffers if b.first_step <= step <= b.last_step)
            alive[step] = sum(found)
        fullest = sorted(alive, key=lambda step: (-alive[step], step))
        for pivot in fullest[: max(1, _MOST_WORK // max(1, n * n))]:
            if self.best_bytes <= bound:
                return
            keys = [
                (0, *_by_end(b), i) if b.first_step <= pivot else (1, *_by_start(b), i)
                for i, b in enumerate(self.buffers)
            ]
            self.consider([key[-1] for key in sorted(keys)])

    def improve(self, bound: int, tries: int) -> None:
        """Move single buffers to other places of the order, as long as there is a gap."""
        n = len(self.buffers)
        draw = Random(n)
        for _ in range(min(tries, _MOST_WORK // max(1, n * n)) if n > 2 else 0):
            if self.best_bytes <= bound:
                return
            order = list(self.best_order)
            for _ in range(draw.randint(1, 2)):
                order.insert(draw.randrange(n), order.pop(draw.randrange(n)))
            self.consider(order)

    def _place(self, order: Sequence[int]) -> list[int]:
        """Offsets, in the order of the buffers."""
        offsets: dict[int, int] = {}
        for i in order:
            buffer = self.buffers[i]
            blocked = sorted(
                interval
                for j in self.meets[i]
                if j in offsets
                for interval in self._blocked(i, j, offsets[j])
            )
            offset = 0
            for low, high in blocked:  # offsets low < offset < high are in the way
                if low < offset < high:
                    offset = _aligned(high, buffer.alignment)
            offsets[i] = offset
        return [offsets[i] for i in range(len(self.buffers))]

    def _blocked(self, i: int, j: int, at: int) -> tuple[tuple[int, int], ...]:
        """The open intervals of offsets at which buffer i is in the way of buffer j, which lies
        at `at`; none for empty buffers.
        """
        size, other = self.buffers[i].n_bytes, self.buffers[j].n_bytes
        if not size or not other:
            return ()
        if IN_PLACE in (self.distance.get((i, j)), self.distance.get((j, i))):
            return ((at - size, at), (at, at + other))
        if (i, j) in self.distance:  # i is read, j written over it: i at least so far above
            return ((at - size, at + min(self.distance[i, j], other)),)
        if (j, i) in self.distance:
            return ((at - min(self.distance[j, i], size), at + other),)
        return ((at - size, at + other),)


def _by_size(b: Buffer) -> tuple[int, int]:
    return -b.n_bytes, b.first_step


def _by_size_and_time(b: Buffer) -> tuple[int, int]:
    return -b.n_bytes * (b.last_step - b.first_step + 1), b.first_step


def _by_start(b: Buffer) -> tuple[int, int]:
    return b.first_step, -b.n_bytes


def _by_end(b: Buffer) -> tuple[int, int]:
    return -b.last_step, -b.n_bytes


def arena_bytes(placed: Iterable[Buffer]) -> int:
    """End of the highest buffer."""
    return max((buffer.end for buffer in placed), default=0)


def _aligned(offset: int, alignment: int) -> int:
    return -(-offset // alignment) * alignment


def find_homes(graph: Graph, aliases: Iterable[str]) -> dict[str, str]:
    """{value: value whose memory it shares}; the same name where it has memory of its own.

    aliases: names of the nodes that only rename their input
    """
    renaming = set(aliases)
    homes = {name: name for name in graph.values}
    for node in graph.nodes:
        if node.name in renaming:
            homes[node.outputs[0]] = homes[node.inputs[0]]
    return homes


@dataclass(frozen=True)
class Draft:
    """What a plan places: buffers without offsets, what may lie over what, and the plan's homes,
    commits and kept.
    """

    buffers: Sequence[Buffer]
    overlaps: Sequence[Overlap]
    homes: Mapping[str, str]
    commits: Mapping[str, int]
    kept: Mapping[str, str]


def draft_plan(
    graph: Graph,
    steps: Sequence[Node],
    scratch: Mapping[str, int],
    distances: Mapping[str, Mapping[int, int]] | None = None,
    in_place: Mapping[str, Sequence[tuple[int, int]]] | None = None,
) -> Draft:
    """Lifetimes and overlaps of a graph's values.

    steps:     the nodes that are executed, in order; the others rename their input
    scratch:   node name -> bytes that its kernel needs while it runs
    distances: node name -> {position of an input: how many bytes below that input the node's
               only output may begin}; inputs that are not there share no byte with the output
    in_place:  node name -> pairs (position of an input, of an output) that may be one buffer,
               for nodes with several outputs
    """
    executed = {node.name for node in steps}
    homes = find_homes(graph, (n.name for n in graph.nodes if n.name not in executed))
    commits = _commits(graph, steps, homes)
    kept = _kept(graph, steps, homes, distances or {}, in_place or {})
    commits = {state: step for state, step in commits.items() if state not in kept.values()}
    buffers = _buffers(graph, steps, scratch, homes, commits)
    buffers = [buffer for buffer in buffers if buffer.name not in kept]
    leaving = {homes[name] for name in graph.outputs}
    leaving |= {homes[state.next] for state in graph.states} - set(kept)
    overlaps = _overlaps(buffers, steps, homes, distances or {}, leaving)
    return Draft(buffers, overlaps, homes, commits, kept)


def plan_of(draft: Draft) -> Plan:
    """The plan of what is drafted."""
    placed = place(draft.buffers, draft.overlaps)
    in_arena = {buffer.name for buffer in placed if buffer.kind != "scratch"}
    homes = {name: home for name, home in draft.homes.items() if home in in_arena}
    return Plan(
        arena_bytes(placed),
        lower_bound(placed, draft.overlaps),
        lower_bound(placed),
        max((buffer.alignment for buffer in placed), default=ALIGNMENT),
        placed,
        MappingProxyType(homes),
        MappingProxyType(draft.commits),
        MappingProxyType(draft.kept),
    )


def _kept(
    graph: Graph,
    steps: Sequence[Node],
    homes: Mapping[str, str],
    distances: Mapping[str, Mapping[int, int]],
    in_place: Mapping[str, Sequence[tuple[int, int]]],
) -> dict[str, str]:
    """{next value: state} where the node that makes the next value is the last that reads the
    state, and may write over what it reads.
    """
    made = {name: (i, k) for i, node in enumerate(steps) for k, name in enumerate(node.outputs)}
    read = {homes[name]: i for i, node in enumerate(steps) for name in node.inputs}
    leaving = [homes[name] for name in graph.outputs]
    leaving += [homes[state.next] for state in graph.states]
    found = {}
    for state in graph.states:
        i, output = made.get(state.next, (-1, 0))
        if i < 0 or read.get(state.value) != i or leaving.count(state.next) > 1:
            continue
        node = steps[i]
        if len(node.outputs) == 1:
            allowed = distances.get(node.name, {})
        else:
            allowed = {k: IN_PLACE for k, to in in_place.get(node.name, ()) if to == output}
        ways = [k for k, name in enumerate(steps[i].inputs) if homes[name] == state.value]
        if all(allowed.get(k, 1) in (IN_PLACE, 0) for k in ways):
            found[state.next] = state.value
    return found


def _commits(graph: Graph, steps: Sequence[Node], homes: Mapping[str, str]) -> dict[str, int]:
    """The first step behind which a state may change: its next value is there, and no later step
    reads what it was.
    """
    made = {name: i for i, node in enumerate(steps) for name in node.outputs}
    read = {homes[name]: i for i, node in enumerate(steps) for name in node.inputs}
    return {
        state.value: max(made[homes[state.next]], read.get(state.value, 0))
        for state in graph.states
        if homes[state.next] in made
    }


def _overlaps(
    buffers: Sequence[Buffer],
    steps: Sequence[Node],
    homes: Mapping[str, str],
    distances: Mapping[str, Mapping[int, int]],
    leaving: set[str],
) -> list[Overlap]:
    """What may lie over what: outputs over inputs that their step reads for the last time.

    leaving: buffers that are read behind a step: outputs and next states
    """
    by_name = {buffer.name: buffer for buffer in buffers}
    found = []
    for i, node in enumerate(steps):
        allowed = distances.get(node.name, {})
        writes = by_name.get(node.outputs[0])  # none of what is kept in a state
        if not allowed or len(node.outputs) != 1 or writes is None:
            continue
        for name in dict.fromkeys(homes[name] for name in node.inputs):
            reads = by_name.get(name)
            if reads is None or reads.last_step != i or reads.name == writes.name:
                continue
            if name in leaving:  # behind this step, perhaps
                continue
            # a value that is read twice: every way of reading it must allow the overlap
            ways = [allowed.get(k) for k, read in enumerate(node.inputs) if homes[read] == name]
            if None not in ways:
                distance = max(way for way in ways if way is not None)
                if distance < writes.n_bytes:
                    found.append(Overlap(name, writes.name, distance))
    return found


def _buffers(
    graph: Graph,
    steps: Sequence[Node],
    scratch: Mapping[str, int],
    homes: Mapping[str, str],
    commits: Mapping[str, int],
) -> list[Buffer]:
    """All buffers with their lifetimes, not yet placed."""
    end = max(len(steps) - 1, 0)
    first = dict.fromkeys(graph.inputs, 0)
    first |= {name: i for i, node in enumerate(steps) for name in node.outputs}
    last = dict(first)
    for i, node in enumerate(steps):
        for name in node.inputs:
            home = homes[name]
            if home in last:
                last[home] = max(last[home], i)
    for name in graph.outputs:
        if homes[name] in last:
            last[homes[name]] = end
    for state in graph.states:
        if state.value in commits:
            home = homes[state.next]
            last[home] = max(last[home], commits[state.value])
    found = []
    for name, at in first.items():
        value = graph.values[name]
        kind: Kind = "input" if name in graph.inputs else "value"
        found.append(Buffer(name, -1, value.n_bytes, at, last[name], kind, _alignment(value)))
    for i, node in enumerate(steps):
        if scratch.get(node.name, 0) > 0:
            name = f"{node.name} scratch"
            found.append(Buffer(name, -1, scratch[node.name], i, i, "scratch"))
    return found


def _alignment(value: Value) -> int:
    return max(ALIGNMENT, storage(value.dtype).itemsize)
