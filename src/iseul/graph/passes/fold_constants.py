# SPDX-License-Identifier: Apache-2.0
"""Nodes that read constants only become constants, computed with the ops' numpy meanings.

What would be much larger than what it is made of stays an op: a tile or a broadcast in a file of
a few bytes can name gigabytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.core.errors import ShapeError
from iseul.graph.build import OPS
from iseul.graph.ir import Io, frozen_array, rebuild
from iseul.graph.passes._edit import tell
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Node
    from iseul.numerics import Array
    from iseul.targets import Target

SMALL = 1 << 20  # bytes that a folded node may make in any case
GROWTH = 8  # and times the bytes that it reads: int4 weights become float32


def rewrite(graph: Graph, target: Target | None) -> Graph:
    """The graph with each foldable node replaced by the constants it makes."""
    known = dict(graph.values)
    kept: list[Node] = []
    for node in graph.nodes:
        leaves = any(graph.is_output(name) for name in node.outputs)
        io = Io(*(tuple(known[name] for name in side) for side in (node.inputs, node.outputs)))
        results = None if leaves or not io.inputs else computed(node, io)
        if results is None:
            kept.append(node)
            continue
        for value, data in zip(io.outputs, results, strict=True):
            known[value.name] = replace(value, data=data)
        tell("fold_constants", node.name)
    return rebuild(graph, kept, known.values())


def computed(node: Node, io: Io) -> list[Array] | None:
    """What a node makes of constants, as constants hold it.

    None where an input is computed, where the outputs are too large, and where the node breaks a
    rule of its op.
    """
    if not all(value.is_constant for value in io.inputs):
        return None
    if sum(v.n_bytes for v in io.outputs) > max(SMALL, GROWTH * sum(v.n_bytes for v in io.inputs)):
        return None
    op = registry.load(OPS, node.op)
    try:
        if list(op.infer(node.attrs, io.inputs)) != [value.shape for value in io.outputs]:
            return None
    except ShapeError:
        return None
    if any(rule(node.attrs, io) is not None for rule in op.constraints):
        return None
    with np.errstate(all="ignore"):  # as on the device
        results = op.run(node.attrs, [value.data for value in io.inputs], io)
    return [
        frozen_array(np.asarray(array).astype(storage(value.dtype)))
        for value, array in zip(io.outputs, results, strict=True)
    ]
