# SPDX-License-Identifier: Apache-2.0
"""Graphs in torch: a trainable module of a graph, and the torch judge of its integers.

`GraphModule` runs any graph on reals, differentiably. With `fake_quantize` each value that is
an integer in the graph is rounded to its grid on the way, and so are weights and biases, while
gradients pass as if nothing had been rounded (straight-through) unless the value was clamped.
So fine-tuning, quantization-aware training and distillation happen on the graph itself.

Paper: Bengio, Léonard, Courville: Estimating or Propagating Gradients Through Stochastic
Neurons for Conditional Computation, 2013 (the straight-through estimator); Jacob et al., CVPR
2018 (fake quantization). Scales are the graph's own and are not trained.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from iseul.core import registry
from iseul.core.errors import ShapeError, UnsupportedError
from iseul.graph.build import OPS
from iseul.graph.interpret import batchable, interpret_samples
from iseul.graph.ir import Graph, Io, Node, Value, frozen_array, rebuild
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import INTEGER_RANGE, Quantization, dequantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.numerics import Array

# Ops that only change how reals are stored: nothing is left of them in a float graph
_STORAGE_OPS = ("quantize", "dequantize")


_BIASES = ("int32", "int64")


def run_integers(graph: Graph, inputs: Sequence[Array], *, stateful: bool = False) -> list[Array]:
    """The graph's outputs by the ops' torch meanings; integers are exact.

    inputs:   one array (n, *shape) per graph input, of its dtype
    stateful: samples are consecutive steps; else state starts fresh for each
    returns:  one array (n, *shape) per graph output

    Raises ShapeError if an input does not fit.
    """
    with torch.no_grad():
        return interpret_samples(graph, inputs, stateful=stateful, run=run_torch_node).outputs


def run_torch_node(node: Node, inputs: Sequence[Array], io: Io) -> list[Array]:
    """A node's outputs by its op's torch meaning: integers as int64, reals as float32."""
    op = registry.load(OPS, node.op)
    results = op.run_torch(node.attrs, [_tensor(x) for x in inputs], io)
    return [result.cpu().numpy() for result in results]


def _tensor(x: Array) -> Tensor:
    whole = np.issubdtype(x.dtype, np.integer)
    # uint64 beyond int64 wraps round, and back when results are stored
    return torch.tensor(np.array(x.astype(np.int64) if whole else x, order="C"))


class GraphModule(nn.Module):
    """A graph as a torch module on reals.

    Constants that stand for reals are parameters (integers as the reals they stand for); batch
    normalization's statistics are fixed.

    graph:         at level float or quantized
    fake_quantize: round every value that is an integer in the graph to its grid
    """

    def __init__(self, graph: Graph, fake_quantize: bool = False) -> None:
        super().__init__()
        self.graph = graph
        self.fake_quantize = fake_quantize
        self._grids = _quantizations(graph)
        self._ios = [_as_reals(graph.io(node)) for node in graph.nodes]
        self._batchable = batchable(graph)
        self.weights = nn.ParameterList()
        self._weight_index: dict[str, int] = {}
        self._buffer_name: dict[str, str] = {}
        self._scale_name: dict[str, str] = {}
        fixed = _fixed(graph)
        for value in graph.constants:
            self._add_constant(value, value.name in fixed)
        for state in graph.states:
            grid = self._grids.get(state.value)
            initial = state.initial if grid is None else dequantize(state.initial, grid)
            self._add_buffer(state.value, initial)
        for name, grid in self._grids.items() if fake_quantize else ():
            scale = torch.tensor(grid.scales(len(graph.values[name].shape)))
            self._scale_name[name] = f"scale_{len(self._scale_name)}"
            self.register_buffer(self._scale_name[name], scale)

    def _add_constant(self, value: Value, fixed: bool) -> None:
        assert value.data is not None
        grid = self._grids.get(value.name)
        reals = value.data if grid is None else dequantize(value.data, grid)
        if fixed or not np.issubdtype(reals.dtype, np.floating):
            self._add_buffer(value.name, reals)
            return
        self._weight_index[value.name] = len(self.weights)
        self.weights.append(nn.Parameter(torch.tensor(reals)))

    def _add_buffer(self, value: str, data: Array) -> None:
        self._buffer_name[value] = f"fixed_{len(self._buffer_name)}"
        self.register_buffer(self._buffer_name[value], torch.tensor(np.array(data)))

    def _held(self, name: str) -> Tensor:
        """A constant or an initial state as it is stored, before rounding."""
        if name in self._weight_index:
            parameter: Tensor = self.weights[self._weight_index[name]]
            return parameter
        buffer: Tensor = getattr(self, self._buffer_name[name])
        return buffer

    def learned(self) -> dict[str, nn.Parameter]:
        """The parameters, by the names of the constants that they are."""
        return {name: self.weights[i] for name, i in self._weight_index.items()}

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The graph's outputs on reals.

        inputs:  one float tensor (B, *shape[1:]) per graph input, axes as in the graph
        returns: one tensor (B, *shape[1:]) per graph output

        State starts fresh for each sample.
        Raises ShapeError if an input does not fit.
        """
        self._check(inputs)
        values = {name: self._on_grid(name, self._held(name)) for name in self._weight_index}
        values |= {name: self._held(name) for name in self._buffer_name}  # on their grids already
        for state in self.graph.states:
            held = values[state.value]
            if inputs and self._batchable:
                values[state.value] = held.expand(inputs[0].shape[0], *held.shape[1:])
        for name, x in zip(self.graph.inputs, inputs, strict=True):
            values[name] = self._on_grid(name, x)
        for node, io in zip(self.graph.nodes, self._ios, strict=True):
            op = registry.load(OPS, node.op)
            results = op.run_torch(node.attrs, [values[name] for name in node.inputs], io)
            for name, result in zip(node.outputs, results, strict=True):
                values[name] = self._on_grid(name, result)
        return tuple(values[name] for name in self.graph.outputs)

    def _check(self, inputs: Sequence[Tensor]) -> None:
        if len(inputs) != len(self.graph.inputs):
            raise ShapeError(
                f'graph "{self.graph.name}" has {len(self.graph.inputs)} inputs, '
                f"got {len(inputs)} tensors"
            )
        for name, x in zip(self.graph.inputs, inputs, strict=True):
            shape = self.graph.values[name].shape
            if tuple(x.shape[1:]) != shape[1:] or x.ndim != len(shape):
                sizes = ", ".join(map(str, shape[1:]))
                raise ShapeError(f'input "{name}": got {list(x.shape)}, must be [B, {sizes}]')
            if x.shape[:1] != shape[:1] and not self._batchable:
                raise UnsupportedError(
                    f'graph "{self.graph.name}" has an op that mixes samples, got a batch of '
                    f"{x.shape[0]}, must be {shape[0]}"
                )

    def _on_grid(self, name: str, x: Tensor) -> Tensor:
        grid = self._grids.get(name)
        if not self.fake_quantize or grid is None:
            return x
        scale: Tensor = getattr(self, self._scale_name[name])
        zero: int | Tensor = grid.zero_point[0]
        if len(set(grid.zero_point)) > 1:
            zero = torch.tensor(grid.zero_points(x.ndim), device=x.device)
        low, high = INTEGER_RANGE[self.graph.values[name].dtype]
        rounded: Tensor = _Grid.apply(x, scale, zero, (low, high))  # type: ignore[no-untyped-call]
        return rounded

    def to_graph(self) -> Graph:
        """The graph at level float with the parameters as they are now.

        Nodes that only quantize or dequantize are gone; what read them reads their input.
        """
        origin: dict[str, str] = {}
        kept: list[Node] = []
        for node in self.graph.nodes:
            inputs = tuple(origin.get(name, name) for name in node.inputs)
            if node.op in _STORAGE_OPS:
                origin[node.outputs[0]] = inputs[0]
            else:
                kept.append(replace(node, inputs=inputs, kernel=""))
        values = [self._real_value(value) for value in self.graph.values.values()]
        states = tuple(
            replace(
                state,
                next=origin.get(state.next, state.next),
                initial=frozen_array(self._held(state.value).numpy(force=True)),
            )
            for state in self.graph.states
        )
        outputs = tuple(origin.get(name, name) for name in self.graph.outputs)
        return rebuild(self.graph, kept, values, outputs=outputs, states=states, level="float")

    def _real_value(self, value: Value) -> Value:
        if value.is_constant:
            data = self._held(value.name).numpy(force=True)
            dtype = "float32" if data.dtype == np.float32 else value.dtype
            return replace(value, dtype=dtype, quant=None, data=frozen_array(data))
        real = value.is_float or value.name in self._grids
        return replace(value, dtype="float32" if real else value.dtype, quant=None)


class _Grid(torch.autograd.Function):
    """Round to scale * (q - zero) with q in [low, high]; the gradient passes where q was inside."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scale: Tensor, zero: Any, limits: tuple[int, int]) -> Tensor:
        low, high = limits
        q = quantized.round_half_away_torch(x / scale) + zero
        ctx.save_for_backward((q >= low) & (q <= high))
        return (q.clamp(low, high) - zero) * scale

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (inside,) = ctx.saved_tensors
        return grads[0] * inside, None, None, None


def _quantizations(graph: Graph) -> dict[str, Quantization]:
    """How each integer value stands for reals; biases get theirs from their node."""
    grids = {value.name: value.quant for value in graph.values.values() if value.quant is not None}
    for node in graph.nodes:
        io = graph.io(node)
        # of ops with weights, a third input of whole numbers beside quantized ones is a bias
        if not hasattr(registry.load(OPS, node.op), "macs"):
            continue
        if len(io.inputs) > 2 and io.inputs[2].dtype in _BIASES and io.inputs[1].quant is not None:
            grids.setdefault(io.inputs[2].name, quantized.bias_quantization(io))
    return grids


def _fixed(graph: Graph) -> set[str]:
    """Constants that are measured, not learned."""
    return {
        node.inputs[i]
        for node in graph.nodes
        for i in getattr(registry.load(OPS, node.op), "STATISTICS", ())
    }


def _as_reals(io: Io) -> Io:
    """The values of a node as a real-valued run sees them."""

    def real(value: Value) -> Value:
        if value.quant is None and value.dtype not in _BIASES:
            return value
        return replace(value, dtype="float32", quant=None, data=None)

    return Io(tuple(map(real, io.inputs)), tuple(map(real, io.outputs)))
