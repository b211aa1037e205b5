# SPDX-License-Identifier: Apache-2.0
"""Which graph is legal, at which level. Every reader and pass must leave a legal graph.

All levels: names are unique and defined before use, shapes are what the ops infer, constants
match their declared shape and dtype, quantizations fit their values, states have a next value
of the same type.
float: all values float32 (indices and masks excepted).  quantized: ops' constraints hold.
lowered: every node names a kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.core import registry
from iseul.core.errors import ShapeError, UnsupportedError
from iseul.graph.build import OPS, infer_outputs
from iseul.numerics.affine import INTEGER_RANGE, storage

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node, Value
    from iseul.numerics.affine import Quantization


def check_graph(graph: Graph) -> None:
    """Raise ShapeError for a broken graph, UnsupportedError with *all* broken constraints."""
    _check_values(graph)
    _check_order(graph)
    for node in graph.nodes:
        _check_shapes(graph, node)
    blockers = broken_constraints(graph)
    if blockers:
        raise UnsupportedError(
            "\n".join(f'{node.op} "{node.name}": {is_}, but {rule}' for node, rule, is_ in blockers)
        )


def broken_constraints(graph: Graph) -> list[tuple[Node, str, str]]:
    """(node, rule, what is) for each constraint of an op that its node breaks."""
    found = []
    for node in graph.nodes:
        for rule in registry.load(OPS, node.op).constraints:
            detail = rule(node.attrs, graph.io(node))
            if detail is not None:
                found.append((node, (rule.__doc__ or "").strip(), detail))
    return found


def _check_values(graph: Graph) -> None:
    for name, value in graph.values.items():
        if name != value.name:
            raise ShapeError(f'value "{value.name}" is filed under the name "{name}"')
        if value.data is not None:
            _check_constant(value)
        if value.quant is not None:
            _check_quantization(value, value.quant)
        if graph.level == "float" and value.dtype in ("int4", "int8", "uint8", "int16"):
            raise ShapeError(f'value "{name}" is {value.dtype} in a graph at level float')
    for state in graph.states:
        if state.next not in graph.values:
            raise ShapeError(f'state "{state.value}" has no next value')
        now, after = graph.values[state.value], graph.values[state.next]
        if (now.shape, now.dtype, now.quant) != (after.shape, after.dtype, after.quant):
            raise ShapeError(f'state "{now.name}" and its next value "{after.name}" differ in type')


def _check_constant(value: Value) -> None:
    assert value.data is not None
    if value.data.shape != value.shape or value.data.dtype != storage(value.dtype):
        raise ShapeError(
            f'constant "{value.name}" holds {value.data.dtype}{list(value.data.shape)}, '
            f"must be {value.dtype}{list(value.shape)}"
        )


def _check_quantization(value: Value, quant: Quantization) -> None:
    n, axis = len(quant.scale), quant.axis
    if axis is not None and not 0 <= axis < len(value.shape):
        raise ShapeError(f'value "{value.name}" {list(value.shape)} has scales along axis {axis}')
    wanted = 1 if axis is None else value.shape[axis]
    if n != wanted:
        raise ShapeError(f'value "{value.name}" {list(value.shape)} has {n} scales, not {wanted}')
    low, high = INTEGER_RANGE.get(value.dtype, (0, 0))
    outside = [zero for zero in quant.zero_point if not low <= zero <= high]
    if outside:
        raise ShapeError(f'value "{value.name}" is {value.dtype} with zero point {outside[0]}')


def _check_order(graph: Graph) -> None:
    odd = [name for name in graph.inputs if name not in graph.values]
    odd += [name for name in graph.inputs if name not in odd and graph.values[name].is_constant]
    if odd or len(set(graph.inputs)) < len(graph.inputs):
        raise ShapeError(
            f'graph "{graph.name}": inputs {odd or list(graph.inputs)} must be values, not '
            "constants, each named once"
        )
    known = {*graph.inputs, *(value.name for value in graph.constants)}
    known.update(state.value for state in graph.states)
    names: set[str] = set()
    for node in graph.nodes:
        missing = [name for name in node.inputs if name not in known]
        if missing:
            raise ShapeError(f'{node.op} "{node.name}" reads {missing} before anything makes it')
        again = known.intersection(node.outputs)
        if again or node.name in names:
            raise ShapeError(f'{node.op} "{node.name}": {sorted(again) or node.name} made twice')
        if graph.level == "lowered" and not node.kernel:
            raise ShapeError(f'{node.op} "{node.name}" has no kernel in a lowered graph')
        names.add(node.name)
        known.update(node.outputs)
    lost = [name for name in (*graph.outputs, *(s.next for s in graph.states)) if name not in known]
    if lost:
        raise ShapeError(f'graph "{graph.name}": nothing makes {lost}')


def _check_shapes(graph: Graph, node: Node) -> None:
    io = graph.io(node)
    inferred = infer_outputs(node.op, node.attrs, io.inputs, node.name)
    stated = [value.shape for value in io.outputs]
    if [tuple(shape) for shape in inferred] != stated:
        raise ShapeError(f'{node.op} "{node.name}" gives shapes {inferred}, graph says {stated}')
