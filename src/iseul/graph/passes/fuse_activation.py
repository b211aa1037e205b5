# SPDX-License-Identifier: Apache-2.0
"""A relu or relu6 behind a node that can clamp its own output goes into that node.

On integers this is exact when both values have the same quantization; else the relu
requantizes and stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.graph.passes._edit import absorb, bypass, inner_producer, tell, with_attrs

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.targets import Target

# (what the node clamps to now, activation behind it) -> what both do together
_TOGETHER = {
    ("none", "relu"): "relu",
    ("none", "relu6"): "relu6",
    ("relu", "relu"): "relu",
    ("relu", "relu6"): "relu6",
    ("relu6", "relu"): "relu6",
    ("relu6", "relu6"): "relu6",
}


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph with activations fused, also several in a row."""
    for name in [node.name for node in graph.nodes if node.op in ("relu", "relu6")]:
        relu = next(node for node in graph.nodes if node.name == name)
        graph = _without_repeat(graph, relu) or _fused(graph, relu) or graph
    return graph


def _without_repeat(graph: Graph, relu: Node) -> Graph | None:
    """A second relu on a value that is clamped already changes nothing, whoever reads it."""
    node = graph.producer(relu.inputs[0])
    if node is None or not _same_quantization(graph, relu):
        return None
    clamp = node.op if node.op in ("relu", "relu6") else getattr(node.attrs, "activation", "none")
    if _TOGETHER.get((clamp, relu.op)) != clamp:
        return None
    shorter = bypass(graph, relu, relu.inputs[0])
    if shorter is not None:
        tell("fuse_activation", f"{relu.name} repeats {node.name}")
    return shorter


def _fused(graph: Graph, relu: Node) -> Graph | None:
    node = inner_producer(graph, relu.inputs[0])
    if node is None or not _same_quantization(graph, relu):
        return None
    both = _TOGETHER.get((getattr(node.attrs, "activation", ""), relu.op))
    if both is None:
        return None
    tell("fuse_activation", f"{relu.name} into {node.name}")
    return absorb(graph, node, relu, with_attrs(node.attrs, activation=both))


def _same_quantization(graph: Graph, relu: Node) -> bool:
    before, after = graph.values[relu.inputs[0]], graph.values[relu.outputs[0]]
    return (before.dtype, before.quant) == (after.dtype, after.quant)
