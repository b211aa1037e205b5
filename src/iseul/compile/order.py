# SPDX-License-Identifier: Apache-2.0
"""The order of the steps: where a graph branches, another one may need less memory.

Orders are built step by step. Two beginnings that have run the same steps differ in nothing but
the most bytes that were alive on the way, so that of these only the better one goes on: with all
of them the search is exact (Liu: An Application of Generalized Tree Pebbling to Sparse Matrix
Factorization, 1987, gives the problem; the search over sets of steps is ours). Where there are
more than `BEAM`, the fullest are dropped. Bytes are counted as `plan.lower_bound` does, overlaps
of outputs over inputs that end in the step included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from iseul.compile.plan import find_homes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.graph.ir import Graph, Node

BEAM = 64
MOST_STEPS = 400


@dataclass(frozen=True)
class _Step:
    """What a step does to memory. Steps and buffers go by number.

    needs:         steps that must run before, as bits
    reads, writes: buffers
    scratch:       bytes
    shares:        buffer -> bytes that the output shares with it if it ends with the step
    """

    needs: int
    reads: tuple[int, ...]
    writes: tuple[int, ...]
    scratch: int
    shares: Mapping[int, int]


@dataclass(frozen=True)
class _Begun:
    """A beginning of an order. live, most: bytes alive now, and most on the way."""

    order: tuple[int, ...]
    live: int
    most: int


def better_order(
    graph: Graph,
    steps: Sequence[Node],
    scratch: Mapping[str, int],
    distances: Mapping[str, Mapping[int, int]],
) -> list[Node] | None:
    """All nodes of the graph in an order whose fullest step has fewer bytes, or None.

    steps, scratch, distances: as `plan.draft_plan` takes them
    """
    if not 2 < len(steps) <= MOST_STEPS:
        return None
    room = _Room(graph, steps, scratch, distances)
    now = room.most_of(range(len(steps)))
    if now <= room.unavoidable():
        return None
    found = room.search(now)
    if found is None:
        return None
    return _with_aliases(graph, [steps[i] for i in found.order])


class _Room:
    """Steps and buffers of a graph by number."""

    def __init__(
        self,
        graph: Graph,
        steps: Sequence[Node],
        scratch: Mapping[str, int],
        distances: Mapping[str, Mapping[int, int]],
    ) -> None:
        executed = {node.name for node in steps}
        homes = find_homes(graph, (n.name for n in graph.nodes if n.name not in executed))
        made = [name for node in steps for name in node.outputs]
        names = list(dict.fromkeys((*graph.inputs, *made)))
        number = {name: i for i, name in enumerate(names)}
        maker = {name: i for i, node in enumerate(steps) for name in node.outputs}
        self.sizes = [graph.values[name].n_bytes for name in names]
        self.readers = [0] * len(names)
        leaving = {homes[name] for name in (*graph.outputs, *(s.next for s in graph.states))}
        self.stays = [name in leaving for name in names]
        self.start = sum(graph.values[name].n_bytes for name in dict.fromkeys(graph.inputs))
        self.steps: list[_Step] = []
        for i, node in enumerate(steps):
            reads = dict.fromkeys(homes[name] for name in node.inputs if homes[name] in number)
            for name in reads:
                self.readers[number[name]] |= 1 << i
            needs = sum(1 << maker[name] for name in reads if name in maker)
            self.steps.append(
                _Step(
                    needs,
                    tuple(number[name] for name in reads),
                    tuple(number[name] for name in node.outputs),
                    scratch.get(node.name, 0),
                    self._shares(node, homes, number, distances.get(node.name, {})),
                )
            )

    def _shares(
        self,
        node: Node,
        homes: Mapping[str, str],
        number: Mapping[str, int],
        allowed: Mapping[int, int],
    ) -> dict[int, int]:
        """Buffer -> bytes that the output can share with it, if it ends with the step."""
        if len(node.outputs) != 1:
            return {}
        size = self.sizes[number[node.outputs[0]]]
        found: dict[int, int] = {}
        for name in dict.fromkeys(homes[name] for name in node.inputs):
            ways = [allowed.get(k) for k, read in enumerate(node.inputs) if homes[read] == name]
            if name in number and None not in ways:
                distance = max(0, *(way for way in ways if way is not None))
                shared = min(size - distance, self.sizes[number[name]])
                found[number[name]] = max(0, shared)
        return found

    def run(self, begun: _Begun, done: int, i: int) -> _Begun:
        """The beginning with step i behind it. done: the steps that ran before."""
        step, after = self.steps[i], done | 1 << i
        ending = [b for b in step.reads if not self.stays[b] and not self.readers[b] & ~after]
        made = sum(self.sizes[b] for b in step.writes)
        shared = sum(step.shares.get(b, 0) for b in ending)
        most = max(begun.most, begun.live + made + step.scratch - shared)
        unread = [b for b in step.writes if not self.readers[b] and not self.stays[b]]
        live = begun.live + made - sum(self.sizes[b] for b in (*ending, *unread))
        return _Begun((*begun.order, i), live, max(most, live))

    def most_of(self, order: Sequence[int]) -> int:
        """Most bytes alive in an order."""
        begun, done = _Begun((), self.start, self.start), 0
        for i in order:
            begun = self.run(begun, done, i)
            done |= 1 << i
        return begun.most

    def unavoidable(self) -> int:
        """Bytes that no order goes below: of the inputs, and of the fullest step by itself."""
        found = self.start
        for step in self.steps:
            own = sum(self.sizes[b] for b in (*step.reads, *step.writes))
            found = max(found, own + step.scratch - sum(step.shares.values()))
        return found

    def search(self, below: int) -> _Begun | None:
        """The order whose most bytes are least and less than `below`, as far as the beam sees."""
        front = {0: _Begun((), self.start, self.start)}
        for _ in self.steps:
            following: dict[int, _Begun] = {}
            for done, begun in front.items():
                for i, step in enumerate(self.steps):
                    if done >> i & 1 or step.needs & ~done:
                        continue
                    new, after = self.run(begun, done, i), done | 1 << i
                    known = following.get(after)
                    if new.most < below and (known is None or new.most < known.most):
                        following[after] = new
            kept = sorted(following.items(), key=lambda item: (item[1].most, item[1].live))
            front = dict(kept[:BEAM])
        return next(iter(front.values()), None)


def _with_aliases(graph: Graph, order: Sequence[Node]) -> list[Node]:
    """All nodes of the graph: those of `order`, each behind the renaming ones that it reads."""
    placed: dict[str, Node] = {}
    executed = {node.name for node in order}

    def place(node: Node) -> None:
        waiting = [node]
        while waiting:
            one = waiting[-1]
            makers = (graph.producer(name) for name in one.inputs)
            missing = [m for m in makers if m and m.name not in placed and m.name not in executed]
            if missing:
                waiting += missing
            else:
                placed.setdefault(one.name, waiting.pop())

    for node in order:
        place(node)
    for node in graph.nodes:
        place(node)
    return list(placed.values())
