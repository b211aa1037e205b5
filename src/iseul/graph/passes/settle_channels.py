# SPDX-License-Identifier: Apache-2.0
"""Channels that always hold one integer say so: zero weights, a bias, a scale like any other.

A channel dies in training when its ReLU never opens. What is left are weights of a scale that
can be 2^-40, and kernels that requantize by one multiplication take no such layer, though
the other channels are ordinary. With zero weights, a scale that makes the factor 1/16, and 16
times the wanted step as bias the channel gives the same integer, and the layer is like all
others. Where `remove_dead_channels` takes such channels out, nothing is left to settle.

Only int8 products with a scale per channel are touched; integers stay equal to the bit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.graph.ir import Value, constant, fresh_name, rebuild
from iseul.graph.ops import _quantized as quantized
from iseul.graph.passes._edit import tell
from iseul.graph.ranges import MOST_CHANNELS, Interval, channel_intervals
from iseul.numerics.affine import Quantization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from iseul.graph.ir import Graph, Io, Node
    from iseul.targets import Target

FACTOR = 16  # the inverse of what a settled channel's sums are multiplied with
_AXIS = {"conv2d": 0, "depthwise_conv2d": 3, "fully_connected": 0}


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph with its constant channels settled; itself if there are none."""
    widest = max((v.shape[-1] for v in graph.values.values() if v.shape), default=0)
    if graph.level != "quantized" or widest > MOST_CHANNELS:
        return graph
    intervals = channel_intervals(graph)
    settled = settled_channels(graph, intervals)
    nodes, made, taken = [], [], {*graph.values}
    for node in graph.nodes:
        if node.name not in settled:
            nodes.append(node)
            continue
        mask, held = settled[node.name], intervals[node.outputs[0]].low
        new = _constants(graph.io(node), mask, held, taken, f"{node.name}.bias")
        nodes.append(replace(node, inputs=(node.inputs[0], *(value.name for value in new))))
        made += new
        tell("settle_channels", f"{node.name}: {int(mask.sum())} of {len(mask)}")
    return rebuild(graph, nodes, made) if made else graph


def settled_channels(
    graph: Graph, intervals: Mapping[str, Interval]
) -> dict[str, NDArray[np.bool_]]:
    """{node: (C,) which output channels are settled}, of nodes that have some.

    intervals: of `channel_intervals`
    """
    found = {}
    for node in graph.nodes:
        if node.op not in _AXIS or not _is_known(node, graph.io(node)):
            continue
        io = graph.io(node)
        weights = io.inputs[1]
        assert weights.data is not None and weights.quant is not None
        rows = np.moveaxis(weights.data, _AXIS[node.op], 0).reshape(io.outputs[0].shape[-1], -1)
        is_other = rows.any(axis=1) | (np.array(weights.quant.scale) != _settled_scale(io))
        mask = intervals[node.outputs[0]].is_constant & is_other
        if mask.any():
            found[node.name] = mask
    return found


def _settled_scale(io: Io) -> float:
    """The scale of weights with which sums are divided by FACTOR."""
    s_in, s_out = (quantized.quant_of(v).scale[0] for v in (io.inputs[0], io.outputs[0]))
    return s_out / s_in / FACTOR


def _is_known(node: Node, io: Io) -> bool:
    """int8, weights with a scale per channel and zero points 0, constants, fixed point."""
    if any(v.dtype != "int8" or v.quant is None for v in (io.inputs[0], io.outputs[0])):
        return False
    weights = io.inputs[1]
    plain = weights.dtype == "int8" and all(v.data is not None for v in io.inputs[1:])
    if not plain or weights.quant is None or weights.quant.axis != _AXIS[node.op]:
        return False
    is_fixed = node.attrs.requantization == "fixed_point"  # type: ignore[attr-defined]
    return is_fixed and len(weights.quant.scale) > 1 and not any(weights.quant.zero_point)


def _constants(
    io: Io, mask: NDArray[np.bool_], held: NDArray[np.int64], taken: set[str], name: str
) -> list[Value]:
    """Weights and bias with the channels of mask settled. name: of a bias that was not there"""
    weights = io.inputs[1]
    assert weights.data is not None and weights.quant is not None
    axis = weights.quant.axis
    assert axis is not None
    scale = np.where(mask, _settled_scale(io), np.array(weights.quant.scale))
    along = [1] * weights.data.ndim
    along[axis] = len(mask)
    data = np.where(mask.reshape(along), 0, weights.data).astype(np.int8)
    quant = Quantization(tuple(scale.tolist()), weights.quant.zero_point, axis)
    old = np.zeros(len(mask), np.int64)
    if len(io.inputs) > 2 and io.inputs[2].data is not None:
        old = io.inputs[2].data.astype(np.int64)
    bias = np.where(mask, FACTOR * (held - quantized.zero_point(io.outputs[0])), old)
    made = [constant(_fresh(taken, weights.name), data, "int8", quant)]
    like = replace(io, inputs=(io.inputs[0], made[0]))
    before = io.inputs[2] if len(io.inputs) > 2 else None
    is_quantized = before is not None and before.quant is not None
    bias_quant = quantized.bias_quantization(like) if is_quantized else None
    name = _fresh(taken, before.name if before is not None else name)
    made.append(constant(name, bias.astype(np.int32), "int32", bias_quant))
    return made


def _fresh(taken: set[str], stem: str) -> str:
    name = fresh_name(taken, stem)
    taken.add(name)
    return name


__all__ = ["rewrite", "settled_channels"]
