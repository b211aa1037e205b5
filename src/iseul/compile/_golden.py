# SPDX-License-Identifier: Apache-2.0
"""Golden vectors: an input, and what the oracle makes of it at every step.

The self-test compares integers by CRC-32. Floats are compared so only where the oracle's own
operations are exact (quantize, dequantize, copies); sums of floats depend on their order, so a
float output is compared within a tolerance instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.core.seed import generator
from iseul.graph.build import OPS
from iseul.graph.interpret import check_inputs, interpret
from iseul.graph.ops._moving import whole_bytes
from iseul.numerics.affine import INTEGER_RANGE, storage

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from iseul.graph.ir import Graph, Node, Value
    from iseul.numerics import Array

# ops whose float results do not depend on the order or fusing of operations, besides those that
# move values
_EXACT_ON_FLOATS = {"quantize", "dequantize", "reshape"}


@dataclass(frozen=True, eq=False)
class Golden:
    """inputs: one array per graph input; values: what every node makes of them, by name;
    exact: names of the values that every right implementation computes to the bit;
    carried: what states are after the input came twice, as far as they are computed to the bit.
    """

    inputs: tuple[Array, ...]
    values: Mapping[str, Array]
    exact: frozenset[str]
    carried: Mapping[str, Array]


def golden_of(graph: Graph, inputs: Sequence[Array] | None) -> Golden:
    """The golden vectors for these inputs, or for seeded random ones.

    Raises ShapeError unless the inputs have the graph inputs' shapes and dtypes.
    """
    if inputs is None:
        inputs = [_random(graph.values[name], i) for i, name in enumerate(graph.inputs)]
    arrays = tuple(np.asarray(x) for x in inputs)
    check_inputs(graph, [x[None] for x in arrays])
    first = interpret(graph, arrays)
    carried = interpret(graph, arrays, first.state).state if graph.states else {}
    exact = exact_states(graph)
    return Golden(
        arrays,
        first.values,
        exact_values(graph),
        {name: array for name, array in carried.items() if name in exact},
    )


def exact_states(graph: Graph) -> frozenset[str]:
    """States that do not depend on the order of float operations, in any invoke."""
    inexact: set[str] = set()
    while True:
        exact = exact_values(graph, inexact)
        more = {state.value for state in graph.states if state.next not in exact}
        if more <= inexact:
            return frozenset(state.value for state in graph.states) - inexact
        inexact |= more


def exact_values(graph: Graph, inexact: Collection[str] = ()) -> frozenset[str]:
    """Values that do not depend on the order of float operations.

    inexact: states that do; after reset none does
    """
    made = {name for node in graph.nodes for name in node.outputs}
    exact = {name for name in graph.values if name not in made and name not in inexact}
    for node in graph.nodes:
        io = graph.io(node)
        integers = not any(value.is_float for value in (*io.inputs, *io.outputs))
        if (integers or _is_exact(node)) and exact.issuperset(node.inputs):
            exact.update(node.outputs)
    return frozenset(exact)


def _is_exact(node: Node) -> bool:
    """Whether an op is exact on floats: ops that move values state that they have whole bytes."""
    return node.op in _EXACT_ON_FLOATS or whole_bytes in registry.load(OPS, node.op).constraints


def _random(value: Value, i: int) -> Array:
    """Integers over the whole range, or normal floats."""
    draw = generator(0, "golden", i)
    if value.is_float:
        return draw.standard_normal(value.shape).astype(np.float32)
    if value.dtype == "bool":
        return draw.integers(0, 2, value.shape).astype(np.bool_)
    low, high = INTEGER_RANGE[value.dtype]
    wide = np.uint64 if value.dtype == "uint64" else np.int64
    drawn = draw.integers(low, high, value.shape, dtype=wide, endpoint=True)
    return drawn.astype(storage(value.dtype))
