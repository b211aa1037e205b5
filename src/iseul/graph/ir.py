# SPDX-License-Identifier: Apache-2.0
"""The graph IR: values, nodes, state. Frozen data; rewriting gives a new graph.

Layout of image-like values is NHWC with the batch axis kept (usually 1), as in `.tflite`.
Weights of convolutions, transposed or not, are OHWI, depthwise 1HWO, fully connected OI. A graph
is at one of three levels:

    float      every value real (float32), no quantization
    quantized  integers with quantization, float islands allowed; ops are still abstract
    lowered    as quantized, and every node names the kernel chosen for a target

`graph/verify.py` says what is legal at each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from iseul.numerics.affine import Quantization, storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from iseul.core.config import Config
    from iseul.numerics import Array

DType = Literal[
    "float32", "int4", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64", "bool"
]
Level = Literal["float", "quantized", "lowered"]
Shape = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of the graph.

    quant: how integers stand for reals; None for float values and plain integers
    data:  the contents if the value is a constant, read-only, of `storage(dtype)`; else None
    """

    name: str
    shape: Shape
    dtype: DType = "float32"
    quant: Quantization | None = None
    data: Array | None = None

    @property
    def is_constant(self) -> bool:
        return self.data is not None

    @property
    def is_float(self) -> bool:
        return self.dtype == "float32"

    @property
    def n_elements(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def n_bytes(self) -> int:
        """Bytes in memory on the device; two int4 elements share a byte."""
        if self.dtype == "int4":
            return (self.n_elements + 1) // 2
        return self.n_elements * storage(self.dtype).itemsize


@dataclass(frozen=True, eq=False)
class Node:
    """One operation. `op` is the file name in `graph/ops`, `attrs` that file's `Attrs`.

    kernel: symbol of the kernel chosen for a target; empty above the lowered level
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Config
    kernel: str = ""


@dataclass(frozen=True, eq=False)
class State:
    """A value that lives from one invoke to the next.

    value:   name of the value that nodes read
    next:    name of the value that becomes it after the invoke
    initial: what it holds after `reset`; shape and dtype of the value
    """

    value: str
    next: str
    initial: Array


@dataclass(frozen=True, eq=False)
class Graph:
    """Nodes in execution order over named values.

    inputs, outputs: names of values, in the order of the model's interface
    values:          every value that a node, an input, an output or a state names
    """

    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    values: Mapping[str, Value]
    states: tuple[State, ...] = ()
    level: Level = "float"

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __deepcopy__(self, memo: object) -> Graph:
        """Itself, as nothing in it changes; so modules that hold a graph can be copied."""
        return self

    @cached_property
    def _producers(self) -> Mapping[str, Node]:
        return {out: node for node in self.nodes for out in node.outputs}

    @cached_property
    def _consumers(self) -> Mapping[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return {name: tuple(nodes) for name, nodes in found.items()}

    def producer(self, value: str) -> Node | None:
        """The node that makes a value; None for inputs, constants and state."""
        return self._producers.get(value)

    def consumers(self, value: str) -> tuple[Node, ...]:
        """The nodes that read a value, in execution order."""
        return self._consumers.get(value, ())

    def io(self, node: Node) -> Io:
        """The values that a node reads and makes."""
        return Io(
            tuple(self.values[name] for name in node.inputs),
            tuple(self.values[name] for name in node.outputs),
        )

    def is_output(self, value: str) -> bool:
        """Whether a value leaves the graph: as an output or as the next state."""
        return value in self.outputs or any(state.next == value for state in self.states)

    @property
    def constants(self) -> tuple[Value, ...]:
        return tuple(value for value in self.values.values() if value.is_constant)


@dataclass(frozen=True, eq=False)
class Io:
    """The values a node reads and makes, as its op's functions receive them."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]

    @property
    def dtype(self) -> DType:
        """The number kind of the node: the dtype of its first output."""
        return self.outputs[0].dtype


def frozen_array(data: Array) -> Array:
    """A read-only C-contiguous copy, as constants hold it."""
    copy = np.array(data, order="C", copy=True)
    copy.setflags(write=False)
    return copy


def constant(
    name: str, data: Array, dtype: DType | None = None, quant: Quantization | None = None
) -> Value:
    """A constant value; its dtype is that of the array unless given (int4 is kept in int8)."""
    kind: DType = dtype if dtype is not None else data.dtype.name  # type: ignore[assignment]
    return Value(name, data.shape, kind, quant, frozen_array(data.astype(storage(kind))))


def rebuild(
    graph: Graph,
    nodes: Iterable[Node] | None = None,
    values: Iterable[Value] = (),
    **fields: object,
) -> Graph:
    """A new graph with other nodes and added or replaced values; what nothing names is dropped.

    fields: other fields of `Graph` to replace, such as `outputs` or `level`
    """
    kept = tuple(graph.nodes if nodes is None else nodes)
    known = {**graph.values, **{value.name: value for value in values}}
    draft = replace(graph, nodes=kept, values=known, **fields)  # type: ignore[arg-type]
    named = {*draft.inputs, *draft.outputs}
    named.update(name for node in kept for name in (*node.inputs, *node.outputs))
    named.update(name for state in draft.states for name in (state.value, state.next))
    return replace(draft, values={name: value for name, value in known.items() if name in named})


def remove_dead_nodes(graph: Graph) -> Graph:
    """The graph without nodes that no output and no state depends on."""
    needed = {*graph.outputs, *(state.next for state in graph.states)}
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    return rebuild(graph, reversed(kept))


def fresh_name(taken: Mapping[str, object] | set[str], stem: str) -> str:
    """`stem`, or `stem_2`, `stem_3` ...: the first that is not taken."""
    if stem not in taken:
        return stem
    i = 2
    while f"{stem}_{i}" in taken:
        i += 1
    return f"{stem}_{i}"


def shapes(values: Sequence[Value]) -> str:
    """`1x28x28x1, 16x3x3x1` for messages and comments."""
    return ", ".join("x".join(map(str, value.shape)) or "scalar" for value in values)


__all__ = [
    "DType",
    "Graph",
    "Io",
    "Level",
    "Node",
    "Shape",
    "State",
    "Value",
    "constant",
    "fresh_name",
    "frozen_array",
    "rebuild",
    "remove_dead_nodes",
    "shapes",
]
