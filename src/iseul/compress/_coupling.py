# SPDX-License-Identifier: Apache-2.0
"""Which channels stand or fall together, read from the graph, and how to cut them out.

Every channel of every value belongs to a class. A convolution or fully connected node makes
new classes; other ops pass theirs on, an add joins those of its two inputs, a flatten repeats
them, and what an op does not understand is frozen, as are the graph's inputs and outputs.
A constant's axis is cut by the classes that it is aligned with. Nothing here knows any
architecture: residual, depthwise and pre-activation networks follow from the ops.

Paper: Fang et al.: DepGraph: Towards Any Structural Pruning, CVPR 2023, groups layers by
their dependencies; we track single channels, so a flatten needs no special case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.graph.build import OPS, infer_outputs
from iseul.graph.ir import Graph, constant, rebuild
from iseul.graph.verify import check_graph

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Node, Value

    Classes = NDArray[np.int64]  # class of each channel, or of each index of a constant's axis


@dataclass(frozen=True)
class Cut:
    """A constant's axis and the class that each of its indices belongs to.

    makes: whether this axis is the output of a node that makes these channels, so that the
           slice is the channel's own filter or bias
    """

    constant: str
    axis: int
    classes: Classes
    makes: bool


@dataclass(frozen=True)
class Coupling:
    """Channels of a graph and how they hang together.

    channels: {value: class of each channel}, for every value that nodes make or read
    cuts:     what has to be cut where
    families: classes made by the same nodes: the layers among whose channels one can choose
    makers:   {family index: names of the nodes}
    n_classes: classes are 0 .. n_classes - 1; those in no family are frozen
    """

    channels: Mapping[str, Classes]
    cuts: tuple[Cut, ...]
    families: tuple[Classes, ...]
    makers: tuple[tuple[str, ...], ...]
    n_classes: int


class _Tracer:
    """Union-find over channel labels while walking through the graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.parent: list[int] = []
        self.frozen: list[Classes] = []
        self.labels: dict[str, Classes] = {}
        self.cuts: dict[tuple[str, int], Cut] = {}
        self.made_by: dict[str, Classes] = {}

    def new(self, n: int) -> Classes:
        start = len(self.parent)
        self.parent.extend(range(start, start + n))
        return np.arange(start, start + n)

    def find(self, label: int) -> int:
        while self.parent[label] != label:
            self.parent[label] = self.parent[self.parent[label]]
            label = self.parent[label]
        return label

    def join(self, a: Classes, b: Classes) -> None:
        for one, other in zip(a, b, strict=True):
            low, high = sorted((self.find(int(one)), self.find(int(other))))
            self.parent[high] = low

    def freeze(self, labels: Classes) -> None:
        self.frozen.append(labels)

    def frozen_new(self, n: int) -> Classes:
        made = self.new(n)
        self.freeze(made)
        return made

    def of(self, value: Value) -> Classes:
        """Labels of a value; inputs, states and constants get frozen ones at first sight."""
        if value.name not in self.labels:
            n = value.shape[-1] if value.shape else 1
            self.labels[value.name] = self.frozen_new(n)
        return self.labels[value.name]

    def cut(self, constant: Value, axis: int, labels: Classes, makes: bool = False) -> None:
        """Align a constant's axis with labels; a constant that nodes share joins theirs."""
        known = self.cuts.get((constant.name, axis))
        if known is not None:
            self.join(known.classes, labels)
        self.cuts[constant.name, axis] = Cut(constant.name, axis, labels, makes)


def find_coupling(graph: Graph) -> Coupling:
    """How the channels of a float graph hang together."""
    tracer = _Tracer(graph)
    for node in graph.nodes:
        _RULES.get(node.op, _unknown)(tracer, node)
    for name in (*graph.outputs, *(s.next for s in graph.states), *(s.value for s in graph.states)):
        tracer.freeze(tracer.of(graph.values[name]))
    return _collected(tracer)


def _collected(tracer: _Tracer) -> Coupling:
    roots = np.array([tracer.find(i) for i in range(len(tracer.parent))], np.int64)
    names, number = np.unique(roots, return_inverse=True)
    frozen = np.zeros(len(names), bool)
    for labels in tracer.frozen:
        frozen[number[labels]] = True
    makers: dict[int, list[str]] = {}
    for node, labels in tracer.made_by.items():
        for c in np.unique(number[labels]):
            makers.setdefault(int(c), []).append(node)
    by_makers: dict[tuple[str, ...], list[int]] = {}
    for c, nodes in sorted(makers.items()):
        if not frozen[c]:
            by_makers.setdefault(tuple(nodes), []).append(c)
    return Coupling(
        {name: number[labels] for name, labels in tracer.labels.items()},
        tuple(replace(cut, classes=number[cut.classes]) for cut in tracer.cuts.values()),
        tuple(np.array(classes) for classes in by_makers.values()),
        tuple(by_makers),
        len(names),
    )


# --- what each op does to channels


def _convolution(t: _Tracer, node: Node) -> None:
    x, w, *bias = t.graph.io(node).inputs
    if w.shape[3] != x.shape[3]:  # in groups: channels of one group go together
        _unknown(t, node)
        return
    _weighted(t, node, t.of(x), w, 3, bias)


def _fully_connected(t: _Tracer, node: Node) -> None:
    x, w, *bias = t.graph.io(node).inputs
    labels = t.of(x)
    _weighted(t, node, np.tile(labels, w.shape[1] // len(labels)), w, 1, bias)


def _weighted(
    t: _Tracer, node: Node, inputs: Classes, w: Value, axis: int, bias: Sequence[Value]
) -> None:
    """New channels along axis 0 of the weights; `axis` of the weights reads `inputs`."""
    made = t.new(w.shape[0])
    t.cut(w, axis, inputs)
    t.cut(w, 0, made, makes=True)
    for value in bias:
        t.cut(value, 0, made, makes=True)
    t.made_by[node.name] = made
    t.labels[node.outputs[0]] = made


def _depthwise(t: _Tracer, node: Node) -> None:
    x, w, *bias = t.graph.io(node).inputs
    labels = t.of(x)
    if len(labels) == 1:  # one channel in: the filters stand alone, like a convolution's
        out, makes = t.new(w.shape[3]), True
        t.made_by[node.name] = out
    else:
        out, makes = np.repeat(labels, w.shape[3] // len(labels)), False
    t.cut(w, 3, out, makes)
    for value in bias:
        t.cut(value, 0, out, makes)
    t.labels[node.outputs[0]] = out


def _per_channel(t: _Tracer, node: Node) -> None:
    """The same channels come out; constants of the node run along them."""
    x, *parameters = t.graph.io(node).inputs
    t.labels[node.outputs[0]] = t.of(x)
    for value in parameters:
        t.cut(value, 0, t.of(x))


def _add(t: _Tracer, node: Node) -> None:
    a, b = t.graph.io(node).inputs
    n = t.graph.values[node.outputs[0]].shape[-1]
    sides = [_side(t, value, n) for value in (a, b)]
    known = [labels for labels in sides if labels is not None]
    if len(known) == 2:
        t.join(known[0], known[1])
    t.labels[node.outputs[0]] = known[0] if known else t.frozen_new(n)
    for value in (a, b):
        if value.is_constant and value.shape and value.shape[-1] == n:
            t.cut(value, len(value.shape) - 1, t.labels[node.outputs[0]])


def _side(t: _Tracer, value: Value, n: int) -> Classes | None:
    """Labels of an addend; None if it has none of its own and goes along with the other."""
    if value.is_constant:
        return None
    labels = t.of(value)
    if len(labels) == n:
        return labels
    t.freeze(labels)  # one channel that is added to all
    return None


def _pad(t: _Tracer, node: Node) -> None:
    labels = t.of(t.graph.values[node.inputs[0]])
    before, after = node.attrs.pads[-1]  # type: ignore[attr-defined]
    t.labels[node.outputs[0]] = np.concatenate([t.frozen_new(before), labels, t.frozen_new(after)])


def _reshape(t: _Tracer, node: Node) -> None:
    """Row-major order: element i of a row of k*C values belongs to channel i mod C."""
    labels = t.of(t.graph.values[node.inputs[0]])
    shape = t.graph.values[node.outputs[0]].shape
    n = shape[-1] if shape else 1
    if n % len(labels) == 0:
        t.labels[node.outputs[0]] = np.tile(labels, n // len(labels))
        return
    t.freeze(labels)
    t.labels[node.outputs[0]] = t.frozen_new(n)


def _unknown(t: _Tracer, node: Node) -> None:
    io = t.graph.io(node)
    for value in io.inputs:
        if not value.is_constant:
            t.freeze(t.of(value))
    for value in io.outputs:
        t.of(value)


_RULES: dict[str, Callable[[_Tracer, Node], None]] = {
    "conv2d": _convolution,
    "depthwise_conv2d": _depthwise,
    "fully_connected": _fully_connected,
    "batch_norm": _per_channel,
    "relu": _per_channel,
    "relu6": _per_channel,
    "max_pool2d": _per_channel,
    "average_pool2d": _per_channel,
    "add": _add,
    "pad": _pad,
    "reshape": _reshape,
}


# --- cutting


def cut_channels(graph: Graph, coupling: Coupling, keep: NDArray[np.bool_]) -> Graph:
    """The graph with only the channels whose class is kept.

    keep: (n_classes,) bool; frozen classes must be kept
    """
    data = {value.name: value.data for value in graph.constants}
    for cut in coupling.cuts:
        array = data[cut.constant]
        assert array is not None
        data[cut.constant] = np.compress(keep[cut.classes], array, axis=cut.axis)
    values = dict(graph.values)
    for name, array in data.items():
        assert array is not None
        values[name] = constant(name, array)
    nodes = []
    for node in graph.nodes:
        new = _with_shape(node, coupling, keep)
        inputs = [values[name] for name in new.inputs]
        made = infer_outputs(new.op, new.attrs, inputs, new.name)
        for name, shape in zip(new.outputs, made, strict=True):
            values[name] = replace(values[name], shape=tuple(shape))
        nodes.append(new)
    smaller = rebuild(graph, nodes, values.values())
    check_graph(smaller)
    return smaller


def _with_shape(node: Node, coupling: Coupling, keep: NDArray[np.bool_]) -> Node:
    """A reshape states its result's size, which the cut changes."""
    if node.op != "reshape":
        return node
    shape = node.attrs.shape  # type: ignore[attr-defined]
    if shape[-1] == -1:
        return node
    n = int(keep[coupling.channels[node.outputs[0]]].sum())
    return replace(node, attrs=node.attrs.model_copy(update={"shape": (*shape[:-1], n)}))


def count_macs(graph: Graph) -> dict[str, int]:
    """{node: multiply-accumulates} for the nodes that have any."""
    counts = {}
    for node in graph.nodes:
        macs = getattr(registry.load(OPS, node.op), "macs", None)
        if macs is not None:
            counts[node.name] = int(macs(node.attrs, graph.io(node)))
    return counts
