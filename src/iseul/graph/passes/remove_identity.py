# SPDX-License-Identifier: Apache-2.0
"""Nodes that change nothing go away.

A move that leaves everything where it is (a reshape to the same shape, a pad by nothing, a slice
that takes all, a concatenation of one value), a 1x1 pool of stride 1, a requantization to the same
quantization, a dequantize undone by the quantize behind it. Of two reshapes in a row the first
goes, two transposes in a row become one. A quantize followed by a dequantize stays: it rounds.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.graph.ir import remove_dead_nodes
from iseul.graph.passes._edit import bypass, replace_nodes, tell, with_attrs

if TYPE_CHECKING:
    from iseul.core.config import Config
    from iseul.graph.ir import Graph, Node, Shape
    from iseul.targets import Target

# where these keep shape and type of their first input, they keep its contents
_MOVES = {
    *("reshape", "reinterpret", "pad", "mirror_pad", "tile", "broadcast_to", "concatenation"),
    *("split", "space_to_depth", "depth_to_space", "space_to_batch_nd", "batch_to_space_nd"),
    *("resize_nearest", "resize_bilinear"),
}


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph without identities."""
    for name in [node.name for node in graph.nodes]:
        node = next((node for node in graph.nodes if node.name == name), None)
        if node is not None:
            graph = _without(graph, node)
    return remove_dead_nodes(graph)


def _without(graph: Graph, node: Node) -> Graph:
    before = graph.producer(node.inputs[0]) if node.inputs else None
    if before is not None and before.op == node.op and node.op in ("reshape", "transpose"):
        tell("remove_identity", f"{before.name} before {node.name}")
        merged = replace(node, inputs=before.inputs, attrs=_both(before, node))
        graph, node = replace_nodes(graph, {node.name: merged}), merged
    source = _same_as(graph, node)
    shorter = bypass(graph, node, source) if source is not None else None
    if shorter is None:
        return graph
    tell("remove_identity", node.name)
    return shorter


def _both(first: Node, second: Node) -> Config:
    """Attributes of a reshape or transpose that does the work of two."""
    if second.op == "reshape":
        return second.attrs
    inner, outer = first.attrs.perm, second.attrs.perm  # type: ignore[attr-defined]
    return with_attrs(second.attrs, perm=tuple(inner[axis] for axis in outer))


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
    if node.op in _MOVES or (node.op in _STAYS and _STAYS[node.op](node, first.shape)):
        return first.name
    return None


def _keeps_order(node: Node, shape: Shape) -> bool:
    """Whether a transpose leaves the axes with more than one place in their order."""
    perm = node.attrs.perm  # type: ignore[attr-defined]
    moving = [axis for axis in perm if shape[axis] > 1]
    return moving == sorted(moving)


def _keeps_direction(node: Node, shape: Shape) -> bool:
    """Whether a slice that takes all runs forwards."""
    stride = node.attrs.stride  # type: ignore[attr-defined]
    return all(n == 1 or step > 0 for n, step in zip(shape, stride, strict=bool(stride)))


def _is_point(node: Node, shape: Shape) -> bool:
    """Whether a pool takes each pixel alone."""
    attrs = node.attrs.model_dump()
    return (
        tuple(attrs["kernel_size"]) == (1, 1)
        and tuple(attrs["stride"]) == (1, 1)
        and not any(attrs["pads"])
        and attrs["activation"] == "none"
    )


# what must hold of these besides
_STAYS = {
    "transpose": _keeps_order,
    "slice": _keeps_direction,
    "max_pool2d": _is_point,
    "average_pool2d": _is_point,
}


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
