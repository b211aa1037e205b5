# SPDX-License-Identifier: Apache-2.0
"""Unsigned quantized values as signed ones: q - 128 with the zero point less 128.

That is the same real, so every op means what it meant, and ops need no uint8; what rounds the
integers themselves is told the offset. The model's inputs and outputs stay uint8: a quantize node
stands at the border, which subtracts or adds 128. What a uint8 input meets first may be such a
node already (or a dequantize or a cast); then it is left.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Node, Value, fresh_name, frozen_array, rebuild
from iseul.numerics.affine import Quantization

if TYPE_CHECKING:
    from iseul.graph.ir import Graph
    from iseul.numerics import Array

_HALF = 128
# ops that see the integers themselves, not the reals they stand for
_RAW = ("cast",)
# ops whose integer division rounds away from zero, and so is another one on q - 128
_ROUNDED = ("average_pool2d", "resize_bilinear")
# what quantize turns uint8 into, or from
_QUANTIZED_WITH = ("float32", "int8")


@dataclass
class _Use:
    """Which kinds of a value there must be."""

    signed: bool = False
    unsigned: bool = False


def without_uint8(graph: Graph) -> Graph:
    """The graph with int8 in place of quantized uint8, but at its border.

    Plain uint8 (without a quantization) stays. The graph need not be legal yet.
    """
    uses = _uses(graph)
    if not uses:
        return graph
    taken = {*graph.values, *(node.name for node in graph.nodes)}
    twins: dict[str, str] = {}  # value that is needed as both -> name of the signed one
    values: dict[str, Value] = {}
    for name, use in uses.items():
        if use.signed and use.unsigned:
            twins[name] = fresh_name(taken, f"{name}_int8")
            taken.add(twins[name])
        if use.signed:
            values[twins.get(name, name)] = _signed(graph.values[name], twins.get(name, name))
    nodes = [
        _crossing(twins[name], name, twins[name])
        for name in (*graph.inputs, *(state.value for state in graph.states))
        if name in twins
    ]
    for node in graph.nodes:
        names = {} if node.op in _RAW else twins
        inputs = tuple(names.get(name, name) for name in node.inputs)
        outputs = tuple(names.get(name, name) for name in node.outputs)
        attrs = node.attrs
        if node.op in _ROUNDED and graph.values[node.inputs[0]].dtype == "uint8":
            attrs = attrs.model_copy(update={"offset": _HALF})
        nodes.append(replace(node, inputs=inputs, outputs=outputs, attrs=attrs))
        for name in node.outputs:
            if name in twins and node.op in _RAW:
                nodes.append(_crossing(twins[name], name, twins[name]))
            elif name in twins:
                stem = fresh_name(taken, f"{name}_uint8")
                taken.add(stem)
                nodes.append(_crossing(stem, twins[name], name))
    return rebuild(graph, nodes, values.values())


def _uses(graph: Graph) -> dict[str, _Use]:
    """How each quantized uint8 value is needed."""
    found: dict[str, _Use] = defaultdict(_Use)
    border = {*graph.inputs, *graph.outputs}
    border.update(name for state in graph.states for name in (state.value, state.next))
    for node in graph.nodes:
        kinds = {graph.values[name].dtype for name in (*node.inputs, *node.outputs)}
        either = node.op == "dequantize" or (
            node.op == "quantize" and any(kind in kinds for kind in _QUANTIZED_WITH)
        )
        for name in (*node.inputs, *node.outputs):
            if _is_quantized(graph.values[name]):
                found[name].unsigned |= node.op in _RAW
                found[name].signed |= node.op not in _RAW and not either
    for name, value in graph.values.items():
        if _is_quantized(value):
            found[name].unsigned |= name in border
            found[name].signed |= not found[name].unsigned
    return dict(found)


def _is_quantized(value: Value) -> bool:
    return value.dtype == "uint8" and value.quant is not None


def _signed(value: Value, name: str) -> Value:
    """The same reals in int8."""
    assert value.quant is not None
    zeros = tuple(zero - _HALF for zero in value.quant.zero_point)
    quant = Quantization(value.quant.scale, zeros, value.quant.axis)
    data = None if value.data is None else frozen_array(_less_half(value.data))
    return Value(name, value.shape, "int8", quant, data)


def _less_half(data: Array) -> Array:
    return (data.astype(np.int16) - _HALF).astype(np.int8)


def _crossing(name: str, source: str, target: str) -> Node:
    """The node that turns one kind into the other."""
    return Node(name, "quantize", (source,), (target,), registry.load(OPS, "quantize").Attrs())
