# SPDX-License-Identifier: Apache-2.0
"""The memory plan: lifetimes of all buffers, and an offset in the arena for each.

A step is one executed node, in the graph's order. A value lives from the step that makes it to
the last step that reads it; graph inputs from step 0, because the caller writes them before;
outputs and next states to the last step, because they are read after it. Scratch lives for one
step. Values that a reshape renames share one buffer. Constants and states are not in the arena.

Placing is greedy: the largest buffer first, each at the lowest offset where it overlaps no
placed buffer that is alive at the same time (Pisarchyk, Lee: Efficient Memory Management for
Deep Neural Net Inference, 2020). Two other orders are tried where that leaves a gap to the
lower bound, the most bytes that are alive at one step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iseul.graph.ir import Graph, Node, Value

Kind = Literal["value", "scratch", "input"]

ALIGNMENT = 4  # of every offset: kernels may load words; 8 for types of 8 bytes


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
class Plan:
    """Where everything lies.

    arena_bytes:       end of the highest buffer, nothing behind it
    lower_bound_bytes: most bytes alive at one step; no plan without overlap can have less
    alignment:         the arena's address is a multiple of it
    buffers:           inputs first, then in the order of the steps
    homes:             value name -> name of the buffer that holds it
    """

    arena_bytes: int
    lower_bound_bytes: int
    alignment: int
    buffers: tuple[Buffer, ...]
    homes: Mapping[str, str]

    def offset_of(self, value: str) -> int:
        """Arena offset of a value, reshaped ones included; KeyError if it is not there."""
        home = self.homes[value]
        return next(buffer.offset for buffer in self.buffers if buffer.name == home)

    def live_at(self, step: int) -> tuple[Buffer, ...]:
        """The buffers alive at a step."""
        return tuple(b for b in self.buffers if b.first_step <= step <= b.last_step)


def lower_bound(buffers: Iterable[Buffer]) -> int:
    """Most bytes alive at one step."""
    known = list(buffers)
    starts = {buffer.first_step for buffer in known}  # only there the sum can grow
    return max(
        (sum(b.n_bytes for b in known if b.first_step <= at <= b.last_step) for at in starts),
        default=0,
    )


def place(buffers: Sequence[Buffer]) -> tuple[Buffer, ...]:
    """The buffers with offsets, in the order given."""
    bound = lower_bound(buffers)
    best: list[Buffer] = []
    for order in (_by_size, _by_size_and_time, _by_start):
        ranked = sorted(range(len(buffers)), key=lambda i: (*order(buffers[i]), i))
        placed = _place_in_order(buffers, ranked)
        if not best or arena_bytes(placed) < arena_bytes(best):
            best = placed
        if arena_bytes(best) <= bound:
            break
    return tuple(best)


def _by_size(b: Buffer) -> tuple[int, int]:
    return -b.n_bytes, b.first_step


def _by_size_and_time(b: Buffer) -> tuple[int, int]:
    return -b.n_bytes * (b.last_step - b.first_step + 1), b.first_step


def _by_start(b: Buffer) -> tuple[int, int]:
    return b.first_step, -b.n_bytes


def arena_bytes(placed: Iterable[Buffer]) -> int:
    """End of the highest buffer."""
    return max((buffer.end for buffer in placed), default=0)


def _place_in_order(buffers: Sequence[Buffer], ranked: Sequence[int]) -> list[Buffer]:
    placed: dict[int, Buffer] = {}
    for i in ranked:
        buffer = buffers[i]
        offset = 0
        in_the_way = [other for other in placed.values() if other.meets(buffer)]
        for other in sorted(in_the_way, key=lambda b: b.offset):
            if offset + buffer.n_bytes <= other.offset:
                break
            offset = max(offset, _aligned(other.end, buffer.alignment))
        placed[i] = replace(buffer, offset=offset)
    return [placed[i] for i in range(len(buffers))]


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


def plan_memory(graph: Graph, steps: Sequence[Node], scratch: Mapping[str, int]) -> Plan:
    """The plan of a graph.

    steps:   the nodes that are executed, in order; the others rename their input
    scratch: node name -> bytes that its kernel needs while it runs
    """
    executed = {node.name for node in steps}
    homes = find_homes(graph, (n.name for n in graph.nodes if n.name not in executed))
    placed = place(_buffers(graph, steps, scratch, homes))
    in_arena = {buffer.name for buffer in placed if buffer.kind != "scratch"}
    return Plan(
        arena_bytes(placed),
        lower_bound(placed),
        max((buffer.alignment for buffer in placed), default=ALIGNMENT),
        placed,
        MappingProxyType({name: home for name, home in homes.items() if home in in_arena}),
    )


def _buffers(
    graph: Graph, steps: Sequence[Node], scratch: Mapping[str, int], homes: Mapping[str, str]
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
    for name in (*graph.outputs, *(state.next for state in graph.states)):
        if homes[name] in last:
            last[homes[name]] = end
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
