# SPDX-License-Identifier: Apache-2.0
"""A batch_norm that nothing could take becomes a 1x1 depthwise convolution.

That is the same arithmetic, x * gain + offset per channel, in an op that has an integer
meaning: a normalisation of the input image or a pre-activation block compiles.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import constant, fresh_name
from iseul.graph.passes._edit import replace_nodes, tell
from iseul.graph.passes.fold_batch_norm import gain_and_offset

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.targets import Target


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph without batch_norms on (N, H, W, C) values."""
    for node in graph.nodes:
        values = graph.io(node).inputs
        constant_parameters = all(value.is_constant for value in values[1:])
        if node.op == "batch_norm" and len(values[0].shape) == 4 and constant_parameters:
            graph = _as_depthwise(graph, node)
            tell("replace_batch_norm", node.name)
    return graph


def _as_depthwise(graph: Graph, node: Node) -> Graph:
    gain, offset = gain_and_offset(graph, node)
    weights = constant(
        fresh_name(graph.values, f"{node.name}.weight"),
        gain.astype(np.float32).reshape(1, 1, 1, -1),
    )
    bias = constant(fresh_name(graph.values, f"{node.name}.bias"), offset.astype(np.float32))
    new = replace(
        node,
        op="depthwise_conv2d",
        inputs=(node.inputs[0], weights.name, bias.name),
        attrs=registry.load(OPS, "depthwise_conv2d").Attrs(),
    )
    return replace_nodes(graph, {node.name: new}, [weights, bias])
