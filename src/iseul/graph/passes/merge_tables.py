# SPDX-License-Identifier: Apache-2.0
"""Chains of int8 ops on one value at a time become one table of 256 results.

x * hard_sigmoid(x), or an add, a clamp and a product, depend on one int8 only, however many ops
they are: the table is made by the ops' own meanings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Io, Value, fresh_name, frozen_array, rebuild, remove_dead_nodes
from iseul.graph.passes._edit import tell

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.numerics import Array
    from iseul.targets import Target

# ops whose every result depends on the values at its own place only
_POINTWISE = (
    *("abs", "add", "div", "elu", "exp", "gelu", "hard_sigmoid", "hard_swish", "leaky_relu"),
    *("log", "logistic", "lookup", "maximum", "minimum", "mul", "neg", "prelu", "quantize"),
    *("relu", "relu6", "relu_0_to_1", "relu_n1_to_1", "rsqrt", "sqrt", "square"),
    *("squared_difference", "sub", "tanh"),
)
_EVERY = np.arange(-128, 128).astype(np.int8)


@dataclass(frozen=True, eq=False)
class _Table:
    """A value as a function of another one of the same shape.

    results: of -128 .. 127
    """

    source: str
    results: Array


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph with every chain in one node."""
    tables: dict[str, _Table] = {}
    values = dict(graph.values)
    nodes: list[Node] = []
    for node in graph.nodes:
        table = _table_of(graph, node, tables)
        if table is not None:
            tables[node.outputs[0]] = table
            if _is_chain(graph, node, table):
                tell("merge_tables", f"{node.name} reads {table.source}")
                nodes.append(_as_lookup(values, node, table))
                continue
        nodes.append(node)
    return remove_dead_nodes(rebuild(graph, nodes, values.values()))


def _table_of(graph: Graph, node: Node, tables: dict[str, _Table]) -> _Table | None:
    io = graph.io(node)
    if node.op not in _POINTWISE or len(node.outputs) != 1:
        return None
    out = io.outputs[0]
    if out.dtype != "int8" or any(value.dtype != "int8" for value in io.inputs[:1]):
        return None
    inputs, narrow = [], []
    sources = set()
    for i, value in enumerate(io.inputs):
        if value.data is not None:
            is_table = node.op == "lookup" and i == 1
            if value.n_elements != 1 and not is_table:
                return None
            data = value.data if is_table else value.data.reshape(1)
            inputs.append(data)
            narrow.append(replace(value, shape=data.shape))
            continue
        if value.dtype != "int8" or value.shape != out.shape:
            return None
        known = tables.get(value.name, _Table(value.name, _EVERY))
        sources.add(known.source)
        inputs.append(known.results)
        narrow.append(replace(value, shape=(256,)))
    if len(sources) != 1:
        return None
    op = registry.load(OPS, node.op)
    if any(rule(node.attrs, io) is not None for rule in op.constraints):
        return None
    row = Io(tuple(narrow), (replace(out, shape=(256,)),))
    with np.errstate(all="ignore"):  # as on the device
        results = op.run(node.attrs, inputs, row)[0]
    return _Table(sources.pop(), results.astype(np.int8).reshape(256))


def _is_chain(graph: Graph, node: Node, table: _Table) -> bool:
    """Whether one table is less work: an op on two values, or behind one that nobody else reads."""
    read = {name for name in node.inputs if graph.values[name].data is None}
    if len(read) > 1:
        return True
    (before,) = read
    if before == table.source:
        return False
    return len(graph.consumers(before)) == 1 and not graph.is_output(before)


def _as_lookup(values: dict[str, Value], node: Node, table: _Table) -> Node:
    name = fresh_name(values, f"{node.name}.table")
    values[name] = Value(name, (256,), "int8", data=frozen_array(table.results))
    attrs = registry.load(OPS, "lookup").Attrs
    x, y = values[table.source].quant, values[node.outputs[0]].quant
    stated = {}
    if x is not None and y is not None:
        stated = {
            "in_scale": x.scale[0],
            "in_zero_point": x.zero_point[0],
            "scale": y.scale[0],
            "zero_point": y.zero_point[0],
        }
    return replace(node, op="lookup", inputs=(table.source, name), attrs=attrs(**stated))
