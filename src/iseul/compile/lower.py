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


@dataclass(frozen=True, eq=False)
class Lowered:
    """A graph at level lowered, and the card of each node by its name.

    `cards` lacks the nodes that have a blocker; a graph without blockers is complete.
    """

    graph: Graph
    cards: Mapping[str, Card]
    blockers: tuple[Blocker, ...] = ()

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
    order = {node.name: i for i, node in enumerate(graph.nodes)}
    blockers.sort(key=lambda blocker: order[blocker.node.name])
    nodes = [
        replace(node, kernel=cards[node.name].symbol) if node.name in cards else node
        for node in graph.nodes
    ]
    level = graph.level if blockers else "lowered"
    return Lowered(rebuild(graph, nodes, level=level), MappingProxyType(cards), tuple(blockers))


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
