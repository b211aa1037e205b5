# SPDX-License-Identifier: Apache-2.0
"""A pad by real zeros in front of a convolution becomes the convolution's own padding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.graph.ir import remove_dead_nodes
from iseul.graph.passes._edit import replace_nodes, tell, with_attrs

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.targets import Target

# their padding is real 0; pools leave padding out instead
_PADDED = ("conv2d", "depthwise_conv2d")


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph with pads folded; a pad that other nodes read too stays for them."""
    for node in graph.nodes:
        pad = graph.producer(node.inputs[0]) if node.op in _PADDED else None
        if pad is not None and _foldable(graph, pad):
            graph = replace_nodes(graph, {node.name: _padded(node, pad)})
            tell("fold_pad", f"{pad.name} into {node.name}")
    return remove_dead_nodes(graph)


def _foldable(graph: Graph, pad: Node) -> bool:
    if pad.op != "pad" or len(pad.attrs.pads) != 4:  # type: ignore[attr-defined]
        return False
    batch, _, _, channels = pad.attrs.pads  # type: ignore[attr-defined]
    before, after = graph.values[pad.inputs[0]], graph.values[pad.outputs[0]]
    if any(batch) or any(channels) or before.quant != after.quant:
        return False
    return pad.attrs.value == 0.0  # type: ignore[attr-defined]


def _padded(node: Node, pad: Node) -> Node:
    _, rows, columns, _ = pad.attrs.pads  # type: ignore[attr-defined]
    more = (*rows, *columns)
    pads = tuple(a + b for a, b in zip(node.attrs.pads, more, strict=True))  # type: ignore[attr-defined]
    return replace(
        node, inputs=(pad.inputs[0], *node.inputs[1:]), attrs=with_attrs(node.attrs, pads=pads)
    )
