# SPDX-License-Identifier: Apache-2.0
"""Post-training quantization to int8: ranges from calibration samples, no training.

Activations are asymmetric per tensor, weights symmetric per output channel (or tensor),
biases int32 at s_in * s_w. The input has the sensor's own quantization, so the graph starts at
the raw integers; a softmax gives 1/256 steps; pools, pads and reshapes keep what they read.
Scales follow TensorFlow Lite's int8 specification. Bias correction moves each bias by the
mean error that rounded weights and inputs cause per channel on the calibration samples.

Papers: Jacob et al.: Quantization and Training of Neural Networks for Efficient
        Integer-Arithmetic-Only Inference, CVPR 2018; Nagel et al.: Data-Free Quantization
        Through Weight Equalization and Bias Correction, ICCV 2019 (we take the empirical
        correction, layer by layer, each behind the already corrected ones).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.compress import _bias_correction as bias_correction
from iseul.compress import _observers as observers
from iseul.compress._quality import table_of
from iseul.compress._result import Result, only_input
from iseul.compress._weights import (
    CHANNEL_AXIS,
    quantize_bias,
    quantize_weights,
    weight_scales,
    widened_for_bias,
)
from iseul.core import registry
from iseul.core.config import Config as Base
from iseul.core.errors import UnsupportedError
from iseul.graph.build import OPS
from iseul.graph.ir import Graph, Io, Node, Value, constant, fresh_name, rebuild
from iseul.graph.ops._quantized import bias_quantization
from iseul.graph.passes._order import run_passes
from iseul.graph.verify import check_graph
from iseul.numerics.affine import Quantization, per_channel, per_tensor, quantize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compress._observers import Observed
    from iseul.numerics import Array

# Ops whose output has the quantization of their input
_KEEPING = (
    *("max_pool2d", "average_pool2d", "reshape", "pad", "reduce_max", "reduce_min"),
    *("transpose", "slice", "split", "unpack", "tile", "broadcast_to", "gather", "gather_nd"),
    *("mirror_pad", "space_to_depth", "depth_to_space", "space_to_batch_nd", "batch_to_space_nd"),
    *("resize_nearest", "resize_bilinear"),
)

# TensorFlow Lite: int8 softmax gives probabilities in steps of 1/256
_SOFTMAX = per_tensor(1 / 256, -128)

# s_out / (s_in * s_w) at least: keeps multipliers below 1, so that requantizing never shifts an
# accumulator to the left. A finer output would hold nothing that the products do not.
_ABOVE_PRODUCT = 1 + 2.0**-10

# s_out / s_in at least for ops that rescale without weights: their rules ask for about 2^-19
_ABOVE_INPUT = 2.0**-16


class Config(Base):
    """How ranges are found and how fine the weights' scales are."""

    observer: observers.Observer = Field(
        default="mse", description="range of an activation: min_max, percentile or mse"
    )
    percentile: float = Field(
        default=99.99, gt=50, le=100, description="observer percentile: % of numbers kept per end"
    )
    granularity: Literal["per-channel", "per-tensor"] = Field(
        default="per-channel", description="one weight scale per output channel, or one for all"
    )
    bias_correction: bool = Field(
        default=True, description="move biases by the mean rounding error of their channel"
    )
    float_io: bool = Field(
        default=False, description="float32 inputs and outputs; default: the integers themselves"
    )


def apply(
    graph: Graph, x_real: Array, config: Config, input_quant: Quantization | None = None
) -> Result:
    """The graph at level quantized.

    x_real:      (n, H, W, C) float32 calibration samples
    input_quant: how the sensor's int8 stands for reals; None: from the samples' range

    Raises UnsupportedError for a graph that is not float or has ops without integer meaning.
    """
    if graph.level != "float":
        raise UnsupportedError(f'graph "{graph.name}" is at level {graph.level}, must be float')
    if graph.states:
        raise UnsupportedError(
            f'graph "{graph.name}" keeps states ({", ".join(s.value for s in graph.states)}), '
            "which can not be quantized here",
            "leave the model float32, or quantize it before it is read",
        )
    source = only_input(graph)
    graph = run_passes(graph, None)
    x_real = np.asarray(x_real, np.float32)
    names = [source, *(name for node in graph.nodes for name in node.outputs)]
    seen = observers.observe(graph, x_real, names)
    draft = _Draft(graph, config, seen)
    draft.values[source] = draft.quantized(source, input_quant or draft.range_of(source))
    for node in graph.nodes:
        draft.add(node)
    quantized = draft.graph()
    if config.bias_correction:
        quantized = bias_correction.correct(graph, quantized, x_real)
    check_graph(quantized)
    table = table_of(graph, quantized, x_real, seen)
    final = _with_float_io(quantized) if config.float_io else quantized
    return Result(final, tuple(draft.notes), table)


class _Draft:
    """The quantized graph in the making, node after node."""

    def __init__(self, graph: Graph, config: Config, seen: Mapping[str, Observed]) -> None:
        self.source = graph
        self.config = config
        self.seen = seen
        self.values: dict[str, Value] = {}
        self.nodes: list[Node] = []
        self.notes: list[str] = []

    def graph(self) -> Graph:
        return rebuild(self.source, self.nodes, self.values.values(), level="quantized")

    def quantized(self, name: str, quant: Quantization) -> Value:
        return replace(self.source.values[name], dtype="int8", quant=quant)

    def range_of(self, name: str, smallest_scale: float = 0.0) -> Quantization:
        """What the observer chose for a value, not finer than `smallest_scale`."""
        config = self.config
        low, high = observers.choose_range(self.seen[name], config.observer, config.percentile)
        floor = max(smallest_scale, observers.SMALLEST_SCALE)
        return observers.activation_quantization(low, high, floor)

    def add(self, node: Node) -> None:
        """Quantize a node, its constants and its outputs."""
        if node.op in CHANNEL_AXIS:
            self._add_weighted(node)
            return
        inputs = tuple(self._operand(name) for name in node.inputs)
        first = self.values[inputs[0]]
        if node.op in _KEEPING:
            assert first.quant is not None
            quants = [first.quant] * len(node.outputs)
            self._check_border(node, first)
        elif node.op == "softmax":
            quants = [_SOFTMAX]
        else:
            scales = [q.scale[0] for name in inputs if (q := self.values[name].quant) is not None]
            floor = _ABOVE_INPUT * max(scales, default=0.0)
            quants = [self.range_of(name, floor) for name in node.outputs]
        for name, quant in zip(node.outputs, quants, strict=True):
            self.values[name] = self.quantized(name, quant)
        self.nodes.append(replace(node, inputs=inputs))

    def _operand(self, name: str) -> str:
        """A constant operand, such as one addend, becomes int8 by its own range; indices stay."""
        value = self.source.values[name]
        if value.data is None or name in self.values:
            return name
        if not value.is_float:
            self.values[name] = value
            return name
        low, high = min(float(value.data.min()), 0.0), max(float(value.data.max()), 0.0)
        quant = observers.activation_quantization(low, high)
        self.values[name] = constant(name, quantize(value.data, quant, "int8"), "int8", quant)
        return name

    def _check_border(self, node: Node, first: Value) -> None:
        value = getattr(node.attrs, "value", 0.0) if node.op == "pad" else 0.0
        quant = first.quant
        assert quant is not None
        low, high = (quant.scale[0] * (q - quant.zero_point[0]) for q in (-128, 127))
        if not low <= value <= high:
            self.notes.append(f'pad "{node.name}": {value:g} is clipped to [{low:g}, {high:g}]')

    def _add_weighted(self, node: Node) -> None:
        x = self.values[node.inputs[0]]
        w = self.source.values[node.inputs[1]].data
        bias = self.source.values[node.inputs[2]].data if len(node.inputs) > 2 else None
        assert x.quant is not None
        if w is None or (bias is None and len(node.inputs) > 2):
            raise UnsupportedError(f'{node.op} "{node.name}": weights and bias must be constants')
        if bias is None and self.config.bias_correction:
            bias = np.zeros(w.shape[CHANNEL_AXIS[node.op]], np.float32)
        quant = self._weight_quantization(node, w, bias, x.quant.scale[0])
        weights = self._constant(node, 1, "weight", quantize_weights(w, quant), quant)
        inputs = [node.inputs[0], weights.name]
        if bias is not None:
            at = bias_quantization(Io((x, weights), ()))
            inputs.append(self._constant(node, 2, "bias", quantize_bias(bias, at), at).name)
        floor = x.quant.scale[0] * max(quant.scale) * _ABOVE_PRODUCT
        out = node.outputs[0]
        self.values[out] = self.quantized(out, self.range_of(out, floor))
        self.nodes.append(replace(node, inputs=tuple(inputs)))

    def _weight_quantization(
        self, node: Node, w: Array, bias: Array | None, input_scale: float
    ) -> Quantization:
        axis = CHANNEL_AXIS[node.op] if self.config.granularity == "per-channel" else None
        scales = weight_scales(w, axis)
        wide = widened_for_bias(scales, bias, input_scale)
        if (wide > scales * 2).any():
            n = int((wide > scales * 2).sum())
            self.notes.append(f'{node.op} "{node.name}": {n} weight scales follow a large bias')
        return per_tensor(float(wide[0])) if axis is None else per_channel(wide, axis)

    def _constant(self, node: Node, i: int, kind: str, data: Array, quant: Quantization) -> Value:
        """Named as before; nodes that share a constant get one each, as scales may differ."""
        old = node.inputs[i] if i < len(node.inputs) else ""
        shared = not old or len(self.source.consumers(old)) > 1
        taken = {*self.source.values, *self.values}
        name = fresh_name(taken, f"{node.name}.{kind}") if shared else old
        value = constant(name, data, None, quant)
        self.values[name] = value
        return value


def _with_float_io(graph: Graph) -> Graph:
    """A quantize behind each input, a dequantize before each output; the names outside stay."""
    nodes = list(graph.nodes)
    values: list[Value] = []
    for name in graph.inputs:
        inner = fresh_name(graph.values, f"{name}_int8")
        nodes = _renamed(nodes, {name: inner})
        values += [replace(graph.values[name], name=inner), _real(graph.values[name])]
        nodes.insert(0, _storage_node("quantize", name, inner))
    for name in graph.outputs:
        inner = fresh_name(graph.values, f"{name}_int8")
        nodes = _renamed(nodes, {name: inner})
        values += [replace(graph.values[name], name=inner), _real(graph.values[name])]
        nodes.append(_storage_node("dequantize", inner, name))
    made = rebuild(graph, nodes, values)
    check_graph(made)
    return made


def _real(value: Value) -> Value:
    return replace(value, dtype="float32", quant=None)


def _renamed(nodes: list[Node], names: Mapping[str, str]) -> list[Node]:
    return [
        replace(
            node,
            inputs=tuple(names.get(name, name) for name in node.inputs),
            outputs=tuple(names.get(name, name) for name in node.outputs),
        )
        for node in nodes
    ]


def _storage_node(op: str, source: str, made: str) -> Node:
    attrs: Any = registry.load(OPS, op).Attrs()
    return Node(f"{op}_{made}", op, (source,), (made,), attrs)
