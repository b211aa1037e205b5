# SPDX-License-Identifier: Apache-2.0
"""A batch_norm behind a convolution or fully connected node goes into its weights and bias.

With g = scale / sqrt(variance + epsilon): w' = w g per output channel,
b' = (b - mean) g + offset. Computed in float64, rounded once.
One that no such node precedes (a normalisation of the input image, a pre-activation block)
becomes a 1x1 depthwise convolution: the same arithmetic in an op that has an integer meaning.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import constant, fresh_name
from iseul.graph.passes._edit import absorb, inner_producer, replace_nodes, tell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.graph.ir import Graph, Node, Value
    from iseul.targets import Target

# the axis of the weights that is the output channel
_CHANNEL_AXIS = {"conv2d": 0, "depthwise_conv2d": 3, "fully_connected": 0, "transpose_conv": 0}


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph without batch_norms, but for those on values that are not (N, H, W, C)."""
    for name in [node.name for node in graph.nodes if node.op == "batch_norm"]:
        norm = next(node for node in graph.nodes if node.name == name)
        node = inner_producer(graph, norm.inputs[0])
        if node is not None and _foldable(graph, node, norm):
            graph = _fold(graph, node, norm)
            tell("fold_batch_norm", f"{norm.name} into {node.name}")
        elif _replaceable(graph, norm):
            graph = _as_depthwise(graph, norm)
            tell("fold_batch_norm", f"{norm.name} is a 1x1 depthwise convolution")
    return graph


def _foldable(graph: Graph, node: Node, norm: Node) -> bool:
    if node.op not in _CHANNEL_AXIS or node.attrs.activation != "none":  # type: ignore[attr-defined]
        return False
    constants = [graph.values[name] for name in (*node.inputs[1:], *norm.inputs[1:])]
    return all(value.is_constant and value.is_float for value in constants)


def _replaceable(graph: Graph, norm: Node) -> bool:
    x, *parameters = graph.io(norm).inputs
    return len(x.shape) == 4 and all(value.is_constant for value in parameters)


def _gain_and_offset(graph: Graph, norm: Node) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(gain, offset) per channel with batch_norm(x) = x * gain + offset."""
    scale, offset, mean, variance = (_reals(graph.values[name]) for name in norm.inputs[1:])
    gain = scale / np.sqrt(variance + norm.attrs.epsilon)  # type: ignore[attr-defined]
    return gain, offset - mean * gain


def _reals(value: Value) -> NDArray[np.float64]:
    assert value.data is not None, f"{value.name} is no constant"
    return value.data.astype(np.float64)


def _fold(graph: Graph, node: Node, norm: Node) -> Graph:
    gain, offset = _gain_and_offset(graph, norm)
    weights = graph.values[node.inputs[1]]
    shape = [-1 if i == _CHANNEL_AXIS[node.op] else 1 for i in range(len(weights.shape))]
    data = _reals(weights) * gain.reshape(shape)
    bias = graph.values[node.inputs[2]] if len(node.inputs) > 2 else None
    total = offset + (_reals(bias) * gain if bias is not None else 0.0)
    new_weights = constant(_name(graph, weights.name), data.astype(np.float32))
    bias_name = _name(graph, bias.name) if bias is not None else _bias_name(graph, node)
    new_bias = constant(bias_name, total.astype(np.float32))
    inputs = (node.inputs[0], new_weights.name, new_bias.name)
    return absorb(graph, node, norm, node.attrs, inputs, [new_weights, new_bias])


def _name(graph: Graph, name: str) -> str:
    """A constant that nodes share is not changed for the others: the new one gets a new name."""
    return name if len(graph.consumers(name)) == 1 else fresh_name(graph.values, name)


def _bias_name(graph: Graph, node: Node) -> str:
    return fresh_name(graph.values, f"{node.name}.bias")


def _as_depthwise(graph: Graph, node: Node) -> Graph:
    gain, offset = _gain_and_offset(graph, node)
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
