# SPDX-License-Identifier: Apache-2.0
"""Nodes that change nothing go away.

A reshape to the same shape, a pad by nothing, a 1x1 pool of stride 1, a requantization to the
same quantization, a dequantize undone by the quantize behind it; of two reshapes in a row the
first. A quantize followed by a dequantize stays: it rounds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.graph.ir import remove_dead_nodes
from iseul.graph.passes._edit import bypass, replace_nodes, tell

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.targets import Target


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph without identities."""
    for name in [node.name for node in graph.nodes]:
        node = next((node for node in graph.nodes if node.name == name), None)
        if node is not None:
            graph = _without(graph, node)
    return remove_dead_nodes(graph)


def _without(graph: Graph, node: Node) -> Graph:
    before = graph.producer(node.inputs[0]) if node.inputs else None
    if node.op == "reshape" and before is not None and before.op == "reshape":
        tell("remove_identity", f"{before.name} before {node.name}")
        merged = replace(node, inputs=before.inputs)
        graph, node = replace_nodes(graph, {node.name: merged}), merged
    source = _same_as(graph, node)
    shorter = bypass(graph, node, source) if source is not None else None
    if shorter is None:
        return graph
    tell("remove_identity", node.name)
    return shorter


def _same_as(graph: Graph, node: Node) -> str | None:
    """The value that a node's output equals, or None."""
    if len(node.outputs) != 1 or not node.inputs:
        return None
    first, out = graph.values[node.inputs[0]], graph.values[node.outputs[0]]
    if node.op == "quantize":
        return _undone(graph, node)
    same = (first.shape, first.dtype, first.quant) == (out.shape, out.dtype, out.quant)
    if not same:
        return None
    if node.op == "reshape" or (node.op == "pad" and not any(map(any, node.attrs.pads))):  # type: ignore[attr-defined]
        return first.name
    if node.op in ("max_pool2d", "average_pool2d") and _is_point(node):
        return first.name
    return None


def _is_point(node: Node) -> bool:
    attrs = node.attrs.model_dump()
    return (
        tuple(attrs["kernel_size"]) == (1, 1)
        and tuple(attrs["stride"]) == (1, 1)
        and not any(attrs["pads"])
        and attrs["activation"] == "none"
    )


def _undone(graph: Graph, node: Node) -> str | None:
    """The integer value that a quantize gives back: its own input, or that of a dequantize.

    scale * (q - zp) / scale rounds to q - zp in float32 for all integers of up to 16 bits.
    """
    out, source = graph.values[node.outputs[0]], graph.values[node.inputs[0]]
    if source.is_float:
        before = graph.producer(source.name)
        if before is None or before.op != "dequantize":
            return None
        source = graph.values[before.inputs[0]]
    return source.name if (source.dtype, source.quant) == (out.dtype, out.quant) else None
