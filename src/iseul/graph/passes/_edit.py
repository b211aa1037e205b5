# SPDX-License-Identifier: Apache-2.0
"""What passes share: small edits of a frozen graph, each giving a new one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.core.progress import say
from iseul.graph.ir import rebuild

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from iseul.core.config import Config
    from iseul.graph.ir import Graph, Node, Value


def tell(name: str, line: str) -> None:
    """One line per rewrite, for `-vvv`."""
    say(f"    {name}: {line}", 3)


def inner_producer(graph: Graph, value: str) -> Node | None:
    """The node that makes a value, if one node alone reads it and it does not leave the graph."""
    node = graph.producer(value)
    if node is None or graph.is_output(value) or len(graph.consumers(value)) != 1:
        return None
    return node


def replace_nodes(
    graph: Graph, changed: Mapping[str, Node | None], values: Iterable[Value] = ()
) -> Graph:
    """The graph with nodes replaced by name, or dropped where the new one is None."""
    nodes = (changed.get(node.name, node) for node in graph.nodes)
    return rebuild(graph, [node for node in nodes if node is not None], values)


def absorb(
    graph: Graph,
    first: Node,
    second: Node,
    attrs: Config,
    inputs: tuple[str, ...] | None = None,
    values: Iterable[Value] = (),
) -> Graph:
    """`first` does the work of `second` too: it keeps its name and makes `second`'s value.

    So the value that the rest of the graph, and perhaps its user, knows keeps its name.
    """
    merged = replace(
        first,
        attrs=attrs,
        inputs=first.inputs if inputs is None else inputs,
        # of several outputs, such as a next state, the others stay
        outputs=tuple(
            second.outputs[0] if name == second.inputs[0] else name for name in first.outputs
        ),
    )
    return replace_nodes(graph, {first.name: merged, second.name: None}, values)


def bypass(graph: Graph, node: Node, source: str) -> Graph | None:
    """The graph without `node`, whose readers now read `source`, a value of the same contents.

    None if that can not be: the node's value leaves the graph, and so does `source`, or
    `source` is an input or a constant.
    """
    old = node.outputs[0]
    if not graph.is_output(old):
        return _renamed(graph, node, {old: source})
    if graph.producer(source) is None or graph.is_output(source):
        return None
    value = replace(graph.values[source], name=old)
    return _renamed(graph, node, {source: old}, [value])


def _renamed(
    graph: Graph, dropped: Node, names: Mapping[str, str], values: Iterable[Value] = ()
) -> Graph:
    nodes = [
        replace(
            node,
            inputs=tuple(names.get(name, name) for name in node.inputs),
            outputs=tuple(names.get(name, name) for name in node.outputs),
        )
        for node in graph.nodes
        if node is not dropped
    ]
    return rebuild(graph, nodes, values)


def with_attrs(attrs: Config, **fields: object) -> Config:
    """The attributes with some fields replaced."""
    return attrs.model_copy(update=fields)
