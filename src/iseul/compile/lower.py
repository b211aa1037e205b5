# SPDX-License-Identifier: Apache-2.0
"""Lowering: a graph with a kernel for every node, ready for planning and emitting.

Two things are made explicit on the way. An output or next state that no node makes (it is an
input, a constant or a state itself) gets a reshape that copies it, because the arena must hold
it after the invoke. And a reshape is an alias, without code, unless it is such a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING

from iseul.compile import select
from iseul.compile.emit._c_constants import bytes_of
from iseul.compile.fuse import fuse
from iseul.compile.order import better_order
from iseul.compile.plan import (
    Draft,
    Plan,
    arena_bytes,
    draft_plan,
    find_homes,
    loads,
    place,
    plan_of,
)
from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Node, State, Value, fresh_name, rebuild
from iseul.graph.verify import broken_constraints

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from iseul.compile.fuse import Fused
    from iseul.compile.kernels._card import Card
    from iseul.compile.select import Blocker, Choice, Goal
    from iseul.graph.ir import Graph
    from iseul.targets import Target

_CODE_BYTES = 16 << 10  # that code is expected to take; real models have 2 to 10 kB
_MOST_GROWTH = 4  # that constants of a kernel can have, times those of the graph
_MOST_RETURNS = 24  # nodes that are tried with their fast kernel again


@dataclass(frozen=True)
class _Asked:
    """Of a node with a kernel: scratch, overlaps, predicted instructions."""

    scratch: int
    overlap: Mapping[int, int]
    predicted: int


@dataclass(frozen=True, eq=False)
class Lowered:
    """A graph at level lowered, and what was chosen for each node, by its name.

    `choices` lacks the nodes that have a blocker; a graph without blockers is complete.
    target: what it is lowered for
    notes:  what was chosen in another way than the goal asks for, and why
    fused:  groups of nodes that run by bands of rows, each of them one step
    unfused_bytes: of the arena without groups; 0 where there are none
    known:  what was asked of kernels before, for this graph and others made of it by `replace`
    """

    graph: Graph
    choices: Mapping[str, Choice]
    target: Target
    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()
    fused: tuple[Fused, ...] = ()
    unfused_bytes: int = 0
    known: dict[tuple[str, str, str], _Asked] = field(default_factory=dict, repr=False)

    @cached_property
    def cards(self) -> Mapping[str, Card]:
        return {name: choice.card for name, choice in self.choices.items()}

    @cached_property
    def executed(self) -> tuple[Node, ...]:
        """The nodes that have code, in order."""
        return tuple(
            node
            for node in self.graph.nodes
            if node.name not in self.cards or not self.cards[node.name].alias
        )

    @cached_property
    def groups(self) -> Mapping[str, Fused]:
        """Groups by the name of their step, which is their last node's."""
        return {fused.names[-1]: fused for fused in self.fused}

    @cached_property
    def steps(self) -> tuple[Node, ...]:
        """What is executed, in order: nodes, and groups as one node in place of their last."""
        inside = {name for fused in self.fused for name in fused.names[:-1]}
        return tuple(
            self.groups[node.name].as_node() if node.name in self.groups else node
            for node in self.executed
            if node.name not in inside
        )

    def parts(self, step: Node) -> tuple[Node, ...]:
        """The nodes that a step runs."""
        return self.groups[step.name].nodes if step.name in self.groups else (step,)

    @property
    def homes(self) -> dict[str, str]:
        """{value: value whose memory it shares}."""
        aliases = (name for name, card in self.cards.items() if card.alias)
        return find_homes(self.graph, aliases)

    @cached_property
    def needs(self) -> tuple[Mapping[str, int], Mapping[str, Mapping[int, int]]]:
        """Scratch and distances of overlaps by node, as the plan takes them; nodes with a blocker
        count without.
        """
        scratch: dict[str, int] = {}
        distances: dict[str, Mapping[int, int]] = {}
        for step in self.steps:
            if step.name in self.groups:
                fused = self.groups[step.name]
                scratch[step.name] = fused.workspace_bytes
                given = fused.distances
                distances[step.name] = {
                    i: given[name] for i, name in enumerate(step.inputs) if name in given
                }
            elif step.name in self.cards:
                asked = self._ask(step)
                scratch[step.name], distances[step.name] = asked.scratch, asked.overlap
        return scratch, distances

    def _ask(self, node: Node) -> _Asked:
        card = self.cards[node.name]
        key = (node.name, card.symbol, card.isa)
        if key not in self.known:
            attrs, io = node.attrs, self.graph.io(node)
            self.known[key] = _Asked(
                card.scratch_bytes(attrs, io),
                card.overlap(attrs, io),
                card.predicted(attrs, io, self.target.core),
            )
        return self.known[key]

    def predicted(self, step: Node) -> int:
        """Predicted instructions of a step; 0 where a node has no kernel."""
        if step.name in self.groups:
            return self.groups[step.name].cost
        return self._ask(step).predicted if step.name in self.cards else 0

    @cached_property
    def cost(self) -> int:
        """Predicted instructions of the steps that have a kernel."""
        return sum(map(self.predicted, self.steps))

    @cached_property
    def _draft(self) -> Draft:
        in_place = {name: card.in_place for name, card in self.cards.items()}
        return draft_plan(self.graph, self.steps, *self.needs, in_place)

    @cached_property
    def loads(self) -> Mapping[int, int]:
        """Step -> bytes that are alive, as `plan.loads` counts them."""
        return loads(self._draft.buffers, self._draft.overlaps)

    @cached_property
    def about_bytes(self) -> int:
        """An arena that is found soon; the plan's may be smaller."""
        return arena_bytes(place(self._draft.buffers, self._draft.overlaps, tries=0))

    @cached_property
    def _plan(self) -> Plan:
        return replace(plan_of(self._draft), unfused_bytes=self.unfused_bytes)

    def plan(self) -> Plan:
        """The memory plan."""
        return self._plan


def lower(graph: Graph, target: Target, goal: Goal) -> Lowered:
    """The lowered graph. Raises UnsupportedError that lists all blockers."""
    lowered = try_lower(graph, target, goal)
    select.require(lowered.blockers)
    return lowered


def try_lower(graph: Graph, target: Target, goal: Goal) -> Lowered:
    """The graph with a kernel for every node that can have one, and what blocks the others.

    Steps are in the graph's order, or in one that needs a smaller arena; nodes are fused to one
    step where that makes it smaller, as far as the goal allows.
    """
    fast = _in_better_order(_chosen(graph, target, "speed" if goal == "ram" else goal))
    if goal != "ram":
        return _named(fuse(fast, goal), fast)
    if fast.blockers:
        return fast
    small = _chosen(graph, target, "ram")
    alone = _with_small_kernels(fast, small)
    fused = _with_small_kernels(fuse(fast, "ram"), small)
    return _named(min((alone, fused), key=_rank), alone)


def _named(lowered: Lowered, unfused: Lowered) -> Lowered:
    """The same, whose nodes name the kernels that are chosen. unfused: without groups."""
    if not lowered.fused:
        return lowered
    before = unfused.plan().arena_bytes
    return replace(_with(lowered, lowered.choices), unfused_bytes=before)


def _in_better_order(lowered: Lowered) -> Lowered:
    """The same with its steps in another order, if that makes the arena smaller."""
    if lowered.blockers:
        return lowered
    order = better_order(lowered.graph, lowered.steps, *lowered.needs)
    if order is None:
        return lowered
    moved = replace(lowered, graph=rebuild(lowered.graph, order))
    return moved if moved.plan().arena_bytes < lowered.plan().arena_bytes else lowered


def _with_small_kernels(fast: Lowered, small: Lowered) -> Lowered:
    """The smallest arena, and of these the fewest predicted instructions.

    Only what runs while the most bytes are alive decides. So the fullest steps get the kernel
    that takes the least memory until that does not help; then each of them, the slowest first,
    gets its fast one back if the arena stays as small. Groups of nodes stay as they are.

    fast, small: the same graph, each node by its fastest kernel and by its smallest
    """

    def mixed(slow: Collection[str]) -> Lowered:
        choices = {n: (small if n in slow else fast).choices[n] for n in fast.choices}
        found = _with(fast, choices)
        return found if fast.fused else _in_better_order(found)

    best = mixed(())
    slow: set[str] = set()  # nodes, by their smallest kernels
    kept: set[str] = set()  # those of the best
    found = best
    while more := _fullest(found) - slow - fast.groups.keys():
        slow |= more
        found = mixed(slow)
        if _rank(found) < _rank(best):
            best, kept = found, set(slow)

    def slower(name: str) -> int:
        node = next(node for node in fast.graph.nodes if node.name == name)
        return small.predicted(node) - fast.predicted(node)

    for name in sorted(kept, key=slower, reverse=True)[:_MOST_RETURNS]:
        found = mixed(kept - {name})
        if _rank(found) <= _rank(best):
            best, kept = found, kept - {name}
    return best


def _fullest(lowered: Lowered) -> set[str]:
    """Names of the nodes while which as many bytes are alive as the arena must have at least."""
    plan = lowered.plan()
    return {
        node.name
        for i, node in enumerate(lowered.steps)
        # without overlaps: some of them may take less
        if sum(b.n_bytes for b in plan.live_at(i)) >= plan.lower_bound_bytes
    }


def _rank(lowered: Lowered) -> tuple[int, int]:
    return lowered.plan().arena_bytes, lowered.cost


def _with(lowered: Lowered, choices: Mapping[str, Choice]) -> Lowered:
    """The same graph, of which every node has a kernel, with these."""
    graph = lowered.graph
    nodes = [replace(node, kernel=choices[node.name].card.symbol) for node in graph.nodes]
    return replace(lowered, graph=rebuild(graph, nodes), choices=MappingProxyType(dict(choices)))


def _chosen(graph: Graph, target: Target, goal: Goal) -> Lowered:
    """The graph with the kernels that are best for a goal, each node by itself."""
    graph = copy_what_no_node_makes(graph)
    made = {name for node in graph.nodes for name in node.outputs}
    homes = {name: name for name in graph.values}
    choices: dict[str, Choice] = {}
    blockers = [
        select.Blocker(node, f"{found}, but the rule is: {rule}", "")
        for node, rule, found in broken_constraints(graph)
    ]
    broken = {blocker.node.name for blocker in blockers}
    for node in graph.nodes:
        if node.name in broken:
            continue
        home = homes[node.inputs[0]] if node.inputs else ""
        can_alias = home in made or not graph.is_output(node.outputs[0])
        choice = select.choose(node, graph.io(node), target, goal, can_alias)
        if isinstance(choice, select.Blocker):
            blockers.append(choice)
            continue
        choices[node.name] = choice
        if choice.card.alias:
            homes[node.outputs[0]] = home
    notes = _fit_flash(graph, choices, target)
    order = {node.name: i for i, node in enumerate(graph.nodes)}
    blockers.sort(key=lambda blocker: order[blocker.node.name])
    nodes = [
        replace(node, kernel=choices[node.name].card.symbol) if node.name in choices else node
        for node in graph.nodes
    ]
    level = graph.level if blockers else "lowered"
    made_graph = rebuild(graph, nodes, level=level)
    return Lowered(made_graph, MappingProxyType(choices), target, tuple(blockers), notes)


def _fit_flash(graph: Graph, choices: dict[str, Choice], target: Target) -> tuple[str, ...]:
    """Take kernels with fewer constants until constants and code fit the board, those that lose
    the least time per byte first. Gives a line for people if it did.

    Where nothing is enough, everything is taken back: the check of the board's flash says so.
    """
    if target.core == "host":
        return ()
    room = target.flash_bytes - _CODE_BYTES
    cards = {name: choice.card for name, choice in choices.items()}
    nodes = [node for node in graph.nodes if node.name in cards and not cards[node.name].alias]
    held = sum(_constant_bytes(graph, node) for node in nodes)
    if held * _MOST_GROWTH <= room:
        return ()
    sizes = {node.name: _kernel_bytes(graph, node, cards[node.name]) for node in nodes}
    over = sum(sizes.values()) - room
    if over <= 0:
        return ()
    swaps = []
    for node in nodes:
        io, now = graph.io(node), cards[node.name]
        less = select.smallest(node, io, target, choices[node.name])
        saved = sizes[node.name] - _kernel_bytes(graph, node, less.card)
        if saved > 0:
            lost = less.card.predicted(node.attrs, io, target.core)
            lost -= now.predicted(node.attrs, io, target.core)
            swaps.append((lost / saved, node.name, less, saved))
    swaps.sort(key=lambda swap: swap[:2])
    taken: dict[str, Choice] = {}
    for _, name, choice, saved in swaps:
        if over <= 0:
            break
        taken[name] = replace(choice, why=f"the flash is too small: {choice.why}")
        over -= saved
    if over > 0 or not taken:
        return ()
    choices.update(taken)
    return (
        f"{len(taken)} of {len(nodes)} steps have a slower kernel: the flash is too small "
        "for the constants of the fastest",
    )


def _constant_bytes(graph: Graph, node: Node) -> int:
    return sum(value.n_bytes for value in graph.io(node).inputs if value.is_constant)


def _kernel_bytes(graph: Graph, node: Node, card: Card) -> int:
    """Constants of a step: what its kernel emits, and constants that are passed to it."""
    io = graph.io(node)
    passed = [io.inputs[i] for i in card.passed(node.attrs, io)]
    given = sum(value.n_bytes for value in passed if value.is_constant)
    return given + bytes_of(card.emit(node.attrs, io))


def copy_what_no_node_makes(graph: Graph) -> Graph:
    """The graph with a copying reshape before each output and next state that no node makes."""
    copies: dict[str, str] = {}
    nodes: list[Node] = []
    values: list[Value] = []
    taken = {*graph.values, *(node.name for node in graph.nodes)}
    wanted = [state.next for state in graph.states if state.next != state.value]
    for name in dict.fromkeys((*graph.outputs, *wanted)):
        if graph.producer(name) is not None:
            continue
        value = graph.values[name]
        copy = fresh_name(taken, f"{name}_copy")
        taken.add(copy)
        copies[name] = copy
        attrs = registry.load(OPS, "reshape").Attrs(shape=value.shape)
        values.append(Value(copy, value.shape, value.dtype, value.quant))
        nodes.append(Node(copy, "reshape", (name,), (copy,), attrs))
    if not copies:
        return graph
    states = tuple(
        state
        if state.next == state.value
        else State(state.value, copies.get(state.next, state.next), state.initial)
        for state in graph.states
    )
    outputs = tuple(copies.get(name, name) for name in graph.outputs)
    return rebuild(graph, (*graph.nodes, *nodes), values, outputs=outputs, states=states)
