# SPDX-License-Identifier: Apache-2.0
"""Lowering: a graph with a kernel for every node, ready for planning and emitting.

Two things are made explicit on the way. An output or next state that no node makes (it is an
input, a constant or a state itself) gets a reshape that copies it, because the arena must hold
it after the invoke. And a reshape is an alias, without code, unless it is such a copy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from iseul.compile import select
from iseul.compile.emit._c_constants import bytes_of
from iseul.compile.plan import Plan, find_homes, plan_memory
from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Node, State, Value, fresh_name, rebuild
from iseul.graph.verify import broken_constraints

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.kernels._card import Card
    from iseul.compile.select import Blocker, Goal
    from iseul.graph.ir import Graph
    from iseul.targets import Target


_CODE_BYTES = 16 << 10  # that code is expected to take; real models have 2 to 10 kB
_MOST_GROWTH = 4  # that constants of a kernel can have, times those of the graph


@dataclass(frozen=True, eq=False)
class Lowered:
    """A graph at level lowered, and the card of each node by its name.

    `cards` lacks the nodes that have a blocker; a graph without blockers is complete.
    notes: what was chosen in another way than the goal asks for, and why
    """

    graph: Graph
    cards: Mapping[str, Card]
    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def steps(self) -> tuple[Node, ...]:
        """The nodes that are executed, in order."""
        return tuple(
            node
            for node in self.graph.nodes
            if node.name not in self.cards or not self.cards[node.name].alias
        )

    @property
    def homes(self) -> dict[str, str]:
        """{value: value whose memory it shares}."""
        aliases = (name for name, card in self.cards.items() if card.alias)
        return find_homes(self.graph, aliases)

    def plan(self) -> Plan:
        """The memory plan; nodes with a blocker count without scratch."""
        scratch = {
            node.name: self.cards[node.name].scratch_bytes(node.attrs, self.graph.io(node))
            for node in self.steps
            if node.name in self.cards
        }
        distances = {
            node.name: self.cards[node.name].overlap(node.attrs, self.graph.io(node))
            for node in self.steps
            if node.name in self.cards
        }
        return plan_memory(self.graph, self.steps, scratch, distances)


def lower(graph: Graph, target: Target, goal: Goal) -> Lowered:
    """The lowered graph. Raises UnsupportedError that lists all blockers."""
    lowered = try_lower(graph, target, goal)
    select.require(lowered.blockers)
    return lowered


def try_lower(graph: Graph, target: Target, goal: Goal) -> Lowered:
    """The graph with a kernel for every node that can have one, and what blocks the others."""
    graph = copy_what_no_node_makes(graph)
    made = {name for node in graph.nodes for name in node.outputs}
    homes = {name: name for name in graph.values}
    cards: dict[str, Card] = {}
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
        cards[node.name] = choice
        if choice.alias:
            homes[node.outputs[0]] = home
    notes = _fit_flash(graph, cards, target)
    order = {node.name: i for i, node in enumerate(graph.nodes)}
    blockers.sort(key=lambda blocker: order[blocker.node.name])
    nodes = [
        replace(node, kernel=cards[node.name].symbol) if node.name in cards else node
        for node in graph.nodes
    ]
    level = graph.level if blockers else "lowered"
    return Lowered(
        rebuild(graph, nodes, level=level), MappingProxyType(cards), tuple(blockers), notes
    )


def _fit_flash(graph: Graph, cards: dict[str, Card], target: Target) -> tuple[str, ...]:
    """Take kernels with fewer constants until constants and code fit the board, those that lose
    the least time per byte first. Gives a line for people if it did.

    Where nothing is enough, everything is taken back: the check of the board's flash says so.
    """
    if target.core == "host":
        return ()
    room = target.flash_bytes - _CODE_BYTES
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
        less = select.smallest(node, io, target, now)
        saved = sizes[node.name] - _kernel_bytes(graph, node, less)
        if saved > 0:
            lost = less.predicted(node.attrs, io, target.core)
            lost -= now.predicted(node.attrs, io, target.core)
            swaps.append((lost / saved, node.name, less, saved))
    swaps.sort(key=lambda swap: swap[:2])
    taken: dict[str, Card] = {}
    for _, name, card, saved in swaps:
        if over <= 0:
            break
        taken[name] = card
        over -= saved
    if over > 0 or not taken:
        return ()
    cards.update(taken)
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
