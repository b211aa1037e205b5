# SPDX-License-Identifier: Apache-2.0
"""Nodes that read constants only become constants, computed with the ops' numpy meanings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Value, frozen_array, rebuild
from iseul.graph.passes._edit import tell
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.targets import Target


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph with each foldable node replaced by the constants it makes."""
    known = dict(graph.values)
    kept: list[Node] = []
    for node in graph.nodes:
        values = [known[name] for name in node.inputs]
        leaves = any(graph.is_output(name) for name in node.outputs)
        if leaves or not values or not all(value.is_constant for value in values):
            kept.append(node)
            continue
        known.update((value.name, value) for value in _fold(graph, node, values))
        tell("fold_constants", node.name)
    return rebuild(graph, kept, known.values())


def _fold(graph: Graph, node: Node, inputs: list[Value]) -> list[Value]:
    io = replace(graph.io(node), inputs=tuple(inputs))
    arrays = [value.data for value in inputs]
    results = registry.load(OPS, node.op).run(node.attrs, arrays, io)
    return [
        replace(out, data=frozen_array(array.astype(storage(out.dtype))))
        for out, array in zip(io.outputs, results, strict=True)
    ]
