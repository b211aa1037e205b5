# SPDX-License-Identifier: Apache-2.0
"""Channels that nothing needs are not computed: constant ones and those with zero weights.

A channel of a value can go if each node that reads it can do without it:

    convolution, fully connected   its weights are 0, or the channel always holds the same integer
                                   (graph/ranges.py), whose part then goes into the bias
    depthwise, pools, reshape ..   what they make of it can go too

and if the node that makes the value can leave it out. All conditions hold at once for what is
removed: we start with all channels and take back until nothing changes, so the result is the
greatest set. Integers stay equal to the bit, which the judges and a test with random inputs
check; only int8 graphs are touched.

Channels die in training: MobileNet-like networks have many whose ReLU never opens.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ir import Value, constant, fresh_name, rebuild
from iseul.graph.ops import _quantized as quantized
from iseul.graph.passes._edit import tell
from iseul.graph.ranges import MOST_CHANNELS, Interval, channel_intervals, padded_taps
from iseul.numerics.affine import Quantization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from iseul.graph.ir import Graph, Io, Node
    from iseul.targets import Target

    Mask = NDArray[np.bool_]

_CHANNELWISE = ("average_pool2d", "max_pool2d", "relu", "relu6", "relu_n1_to_1", "quantize", "pad")
_PRODUCTS = ("conv2d", "fully_connected")


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph without the channels that can go; itself if there are none."""
    widest = max((v.shape[-1] for v in graph.values.values() if v.shape), default=0)
    if graph.level != "quantized" or widest > MOST_CHANNELS:
        return graph
    dropped = removable_channels(graph)
    if not any(mask.any() for mask in dropped.values()):
        return graph
    cut = _Cut(graph, dropped, channel_intervals(graph))
    nodes = [cut.node(node) for node in graph.nodes]
    values = [cut.value(value) for value in graph.values.values() if value.name in dropped]
    for name, mask in dropped.items():
        if mask.any():
            tell("remove_dead_channels", f"{name}: {int(mask.sum())} of {len(mask)}")
    return rebuild(graph, nodes, [*values, *cut.constants])


def removable_channels(graph: Graph) -> dict[str, Mask]:
    """{value: (C,) which of its channels can go}, for the values that nodes make."""
    intervals = channel_intervals(graph)
    drop: dict[str, Mask] = {}
    for node in graph.nodes:
        out = graph.values[node.outputs[0]]
        can = len(node.outputs) == 1 and _is_known(node, graph.io(node))
        can = can and bool(out.shape) and not graph.is_output(out.name)
        drop[out.name] = np.full(out.shape[-1] if out.shape else 1, can)
    while _shrink(graph, drop, intervals):
        pass
    return drop


def _is_known(node: Node, io: Io) -> bool:
    """Whether this pass can leave out channels that the node makes."""
    if any(v.dtype != "int8" or v.quant is None for v in (io.inputs[0], io.outputs[0])):
        return False
    if node.op in (*_PRODUCTS, "depthwise_conv2d"):
        weights = io.inputs[1]
        constants = all(v.data is not None for v in io.inputs[1:])
        fine = weights.dtype in ("int8", "int4") and weights.quant is not None
        return constants and fine and not any(weights.quant.zero_point) and _is_plain(node, io)  # type: ignore[union-attr]
    if node.op == "pad":
        return node.attrs.pads[-1] == (0, 0)  # type: ignore[attr-defined]
    if node.op == "reshape":
        return _repeats(io) > 0
    return node.op in _CHANNELWISE and len(io.inputs) == 1


def _is_plain(node: Node, io: Io) -> bool:
    """No groups, and rows of a fully connected node are whole channels of its input."""
    x, w = io.inputs[0].shape, io.inputs[1].shape
    if node.op == "conv2d":
        return x[-1] == w[3]
    return node.op != "fully_connected" or x[-1] == w[1]


def _repeats(io: Io) -> int:
    """How often a flattening reshape repeats the channels along its last axis; 0 if it mixes."""
    x, y = io.inputs[0].shape, io.outputs[0].shape
    if x[-1] == 0 or len(y) < 2:
        return 0
    if y[-1] == x[-1]:
        return 1
    flat = len(y) == 2 and y[0] == x[0] and y[1] == int(np.prod(x[1:]))
    return y[1] // x[-1] if flat else 0


def _shrink(graph: Graph, drop: dict[str, Mask], intervals: Mapping[str, Interval]) -> bool:
    """Take back what some node does not allow; whether anything changed."""
    before = {name: int(mask.sum()) for name, mask in drop.items()}
    for node in reversed(graph.nodes):
        for i, name in enumerate(node.inputs):
            if name in drop:
                drop[name] &= _spares(graph, node, i, drop, intervals)
    for node in graph.nodes:
        out, x = node.outputs[0], node.inputs[0] if node.inputs else ""
        if node.op not in _PRODUCTS and drop[out].any():
            follows = drop.get(x, np.zeros(1, np.bool_))
            drop[out] &= _like_input(node, graph.io(node), follows)
        if drop[out].all():
            drop[out][0] = False  # a value has at least one channel
        _keep_two_scales(graph, node, drop[out])
    return any(int(mask.sum()) != before[name] for name, mask in drop.items())


def _keep_two_scales(graph: Graph, node: Node, mask: Mask) -> None:
    """Weights with a single scale are multiplied otherwise than those with one per channel
    (`_quantized.output_multipliers`), so at least two scales stay where there were several.
    """
    if node.op not in (*_PRODUCTS, "depthwise_conv2d"):
        return
    quant = graph.values[node.inputs[1]].quant
    if quant is not None and len(quant.scale) > 1 and (~mask).sum() < 2:
        mask[:2] = False


def _like_input(node: Node, io: Io, x: Mask) -> Mask:
    """What a node that keeps channels apart leaves out when its input lacks `x`."""
    n = io.outputs[0].shape[-1]
    if len(x) == 1 and n > 1 and io.inputs[0].shape[-1] != 1:
        return np.zeros(n, np.bool_)  # the input's channels all stay
    if node.op == "depthwise_conv2d":
        return np.repeat(x, n // len(x))
    return np.tile(x, n // len(x))


def _spares(
    graph: Graph, node: Node, i: int, drop: Mapping[str, Mask], intervals: Mapping[str, Interval]
) -> Mask:
    """(C,): which channels of its input i the node can do without."""
    io, out = graph.io(node), node.outputs[0]
    n = io.inputs[i].shape[-1] if io.inputs[i].shape else 1
    if i > 0 or len(node.outputs) != 1 or not _is_known(node, io):
        return np.zeros(n, np.bool_)
    if node.op in _PRODUCTS:
        weights = io.inputs[1].data
        assert weights is not None
        used = weights[~drop[out]].any(axis=tuple(range(weights.ndim - 1)))
        x = intervals[node.inputs[0]]
        folds = x.is_constant
        if node.op == "conv2d" and padded_taps(node.attrs, io).any():
            folds = folds & (x.low == quantized.zero_point(io.inputs[0]))
        return ~used | folds
    gone = drop[out]
    if node.op == "depthwise_conv2d":
        gone = gone.reshape(n, -1).T
    return np.logical_and.reduce(gone.reshape(-1, n), axis=0)


@dataclass
class _Cut:
    """Builds the smaller nodes and values. dropped: as `removable_channels` gives it."""

    graph: Graph
    dropped: Mapping[str, Mask]
    intervals: Mapping[str, Interval]

    def __post_init__(self) -> None:
        self.constants: list[Value] = []
        self.taken = {*self.graph.values}

    def kept(self, name: str) -> NDArray[np.intp]:
        """Indices of the channels of a value that stay."""
        mask = self.dropped.get(name)
        if mask is None:
            return np.arange(self.graph.values[name].shape[-1])
        return np.flatnonzero(~mask)

    def value(self, value: Value) -> Value:
        if not value.shape:
            return value
        return replace(value, shape=(*value.shape[:-1], len(self.kept(value.name))))

    def node(self, node: Node) -> Node:
        """The node on the smaller values."""
        names = (*node.inputs[:1], node.outputs[0])
        if not any(self.dropped[name].any() for name in names if name in self.dropped):
            return node
        if node.op == "reshape":
            shape = self.value(self.graph.values[node.outputs[0]]).shape
            return replace(node, attrs=node.attrs.model_copy(update={"shape": shape}))
        if node.op in (*_PRODUCTS, "depthwise_conv2d"):
            return self._products(node)
        return node

    def _products(self, node: Node) -> Node:
        io = self.graph.io(node)
        weights, rows, columns = io.inputs[1], self.kept(node.outputs[0]), self.kept(node.inputs[0])
        assert weights.data is not None
        axis = 3 if node.op == "depthwise_conv2d" else 0
        data = np.take(weights.data, rows, axis=axis)
        bias = self._bias(node, io, rows)
        if node.op in _PRODUCTS:
            data = np.take(data, columns, axis=-1)
        new = [self._constant(weights, data, rows, axis)]
        if bias is not None:
            like = io.inputs[2] if len(io.inputs) > 2 else None
            new.append(self._constant(like, bias, rows, 0, f"{node.name}.bias"))
        return replace(node, inputs=(node.inputs[0], *(value.name for value in new)))

    def _bias(self, node: Node, io: Io, rows: NDArray[np.intp]) -> NDArray[np.int32] | None:
        """The bias of the rows that stay, with what constant channels contribute."""
        old = io.inputs[2].data if len(io.inputs) > 2 else None
        total = np.zeros(len(rows), np.int64) if old is None else old[rows].astype(np.int64)
        gone = self.dropped.get(node.inputs[0])
        if node.op in _PRODUCTS and gone is not None and gone.any():
            assert io.inputs[1].data is not None
            weights = io.inputs[1].data[rows].astype(np.int64).reshape(len(rows), -1, len(gone))
            held = self.intervals[node.inputs[0]].low - quantized.zero_point(io.inputs[0])
            # a channel that is not constant has zero weights in every row that stays
            total += weights.sum(axis=1)[:, gone] @ held[gone]
        if old is None and not total.any():
            return None
        assert np.abs(total).max(initial=0) < 2**31, f"{node.name}: a bias leaves 32 bits"
        return total.astype(np.int32)

    def _constant(
        self, like: Value | None, data: Any, rows: NDArray[np.intp], axis: int, name: str = ""
    ) -> Value:
        """A constant of the rows that stay, quantized as the old one."""
        name = fresh_name(self.taken, like.name if like is not None else name)
        self.taken.add(name)
        quant = like.quant if like is not None else None
        if quant is not None and quant.axis == axis:
            scale = tuple(quant.scale[i] for i in rows)
            quant = Quantization(scale, (0,) * len(scale), axis)
        made = constant(name, data, like.dtype if like is not None else "int32", quant)
        self.constants.append(made)
        return made


__all__ = ["removable_channels", "rewrite"]
