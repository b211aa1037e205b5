# SPDX-License-Identifier: Apache-2.0
"""A graph as the torch module that training knows: NCHW reals in, logits out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from torch import Tensor, nn

from iseul.compress._result import only_input
from iseul.compress._weights import quantize_bias
from iseul.core.errors import ShapeError
from iseul.graph.ir import frozen_array, rebuild, remove_dead_nodes
from iseul.graph.ops._quantized import bias_quantization
from iseul.graph.torch_run import GraphModule
from iseul.numerics.affine import quantize, storage

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Value
    from iseul.numerics import Array


def without_softmax(graph: Graph) -> Graph:
    """The graph up to its logits: a softmax (and a dequantize) at the end is left out.

    A loss on logits needs the values in front of the softmax; a softmax adds none of its own.
    """
    if len(graph.outputs) != 1:
        raise ShapeError(f'graph "{graph.name}" has {len(graph.outputs)} outputs, must have 1')
    output = graph.outputs[0]
    while (node := graph.producer(output)) is not None and node.op in ("softmax", "dequantize"):
        output = node.inputs[0]
    return remove_dead_nodes(rebuild(graph, outputs=(output,)))


class LogitsModule(nn.Module):
    """A graph with one input and one output, as `train.loop` and `train.evaluate` take it.

    A quantized graph runs with fake quantization, so training it is quantization-aware.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        only_input(graph)
        self.graph = graph
        self.body = GraphModule(without_softmax(graph), fake_quantize=graph.level != "float")

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) reals to (B, K) logits."""
        if x.ndim == 4:
            x = x.permute(0, 2, 3, 1)
        logits: Tensor = self.body(x)[0].flatten(1)
        return logits

    def to_graph(self) -> Graph:
        """The whole graph, softmax included, at its own level, with the weights as they are."""
        learned = self.body.learned()
        changed = [
            _stored(self.graph, value, learned[value.name].detach().cpu().numpy())
            for value in self.graph.constants
            if value.name in learned
        ]
        return rebuild(self.graph, values=changed)


def _stored(graph: Graph, value: Value, reals: Array) -> Value:
    """A constant that holds these reals, as integers where it holds integers."""
    if value.is_float:
        data = reals
    elif value.dtype == "int32":
        io = graph.io(graph.consumers(value.name)[0])
        data = quantize_bias(reals, value.quant or bias_quantization(io))
    else:
        assert value.quant is not None, f"{value.name} is an integer without quantization"
        data = quantize(reals, value.quant, value.dtype)
    return replace(value, data=frozen_array(data.astype(storage(value.dtype))))
