# SPDX-License-Identifier: Apache-2.0
"""Moves biases so that rounding causes no mean error per channel.

Convolutions are linear, so the mean output over samples is the output of the mean input: per
node we compare w * mean(x) of the float graph with w_int * mean(x_int) of the quantized one
(both as reals, in front of the activation) and add the difference, averaged over positions,
to the bias. Nodes are corrected in order, each behind the already corrected ones.

Paper: Nagel et al.: Data-Free Quantization Through Weight Equalization and Bias Correction,
       ICCV 2019, appendix D (empirical correction; there one run of the network per layer).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.compress._observers import chunks
from iseul.compress._result import only_input
from iseul.compress._weights import CHANNEL_AXIS, quantize_bias
from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.interpret import run_numpy
from iseul.graph.ir import Io, frozen_array, rebuild
from iseul.numerics.affine import dequantize, quantize, storage

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node, Value
    from iseul.numerics import Array

# Means over this many samples move biases by far less than a step; all of them are held at once
N_SAMPLES = 256


def correct(graph: Graph, quantized: Graph, x_real: Array) -> Graph:
    """The quantized graph with corrected biases.

    graph:  the float graph; nodes and values named as in `quantized`
    x_real: (n, H, W, C) float32 samples, of which up to N_SAMPLES evenly spread ones are used
    """
    picks = np.linspace(0, len(x_real) - 1, min(len(x_real), N_SAMPLES)).astype(np.int64)
    x = x_real[picks]
    weighted = [node for node in quantized.nodes if node.op in CHANNEL_AXIS]
    means = _means(graph, x, [node.inputs[0] for node in weighted])
    source = quantized.values[only_input(quantized)]
    assert source.quant is not None
    held = {source.name: quantize(x, source.quant, source.dtype)}
    held |= {value.name: value.data for value in quantized.constants if value.data is not None}
    values = dict(quantized.values)
    last_use = {name: i for i, node in enumerate(quantized.nodes) for name in node.inputs}
    for i, node in enumerate(quantized.nodes):
        if node in weighted and len(node.inputs) > 2:
            bias = _corrected(graph, node, values, means[node.inputs[0]], held[node.inputs[0]])
            values[bias.name] = bias
            assert bias.data is not None
            held[bias.name] = bias.data
        io = _io(node, values)
        results = run_numpy(node, [held[name] for name in node.inputs], io)
        for out, array in zip(io.outputs, results, strict=True):
            held[out.name] = array.astype(storage(out.dtype), copy=False)
        for name in node.inputs:
            if last_use[name] == i:
                del held[name]
                last_use[name] = -1
    return rebuild(quantized, values=values.values())


def _means(graph: Graph, x: Array, names: list[str]) -> dict[str, Array]:
    """Mean over samples of values of the float graph, (1, ...) float32."""
    wanted = list(dict.fromkeys(names))
    total = {name: np.zeros(graph.values[name].shape) for name in wanted}
    for _, values in chunks(graph, x, wanted, "bias correction"):
        for name in wanted:
            total[name] += values[name].sum(axis=0, dtype=np.float64)
    return {name: (total[name] / len(x)).astype(np.float32) for name in wanted}


def _corrected(
    graph: Graph, node: Node, values: dict[str, Value], mean: Array, held: Array
) -> Value:
    """The bias with the channel's mean error added, in the bias's own quantization."""
    x, weights, bias = (values[name] for name in node.inputs)
    assert x.quant is not None and weights.quant is not None and weights.data is not None
    assert bias.quant is not None and bias.data is not None
    centred = held.mean(axis=0, dtype=np.float64, keepdims=True) - x.quant.zero_point[0]
    mean_quantized = (centred * x.quant.scale[0]).astype(np.float32)
    original = next(other for other in graph.nodes if other.name == node.name)
    exact = graph.values[original.inputs[1]].data
    assert exact is not None
    before = _products(graph, original, mean.reshape(mean_quantized.shape), exact)
    after = _products(graph, original, mean_quantized, dequantize(weights.data, weights.quant))
    axes = tuple(range(before.ndim - 1))
    change = (before - after).mean(axis=axes, dtype=np.float64)
    scale = np.array(bias.quant.scale, np.float64)
    data = quantize_bias(bias.data * scale + change, bias.quant)
    return replace(bias, data=frozen_array(data))


def _products(graph: Graph, node: Node, x: Array, w: Array) -> Array:
    """A weighted node's sums of products on reals: no bias, no activation."""
    io = graph.io(node)
    plain = node.attrs.model_copy(update={"activation": "none"})
    out: Array = registry.load(OPS, node.op).run(
        plain, [x, w], Io((io.inputs[0], io.inputs[1]), io.outputs)
    )[0]
    return out


def _io(node: Node, values: dict[str, Value]) -> Io:
    return Io(
        tuple(values[name] for name in node.inputs), tuple(values[name] for name in node.outputs)
    )
