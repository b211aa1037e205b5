# SPDX-License-Identifier: Apache-2.0
"""The oracle: runs a graph with the ops' numpy meanings. Slow, exact, the first of the judges.

Another executor of single nodes can be passed as `run`: `torch_run` does so to judge the oracle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iseul.core import registry
from iseul.core.errors import ShapeError
from iseul.graph.build import OPS
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iseul.graph.ir import Graph, Io, Node, Value
    from iseul.numerics import Array

    RunNode = Callable[[Node, Sequence[Array], Io], list[Array]]

Arrays = dict[str, "Array"]


@dataclass(frozen=True)
class Result:
    """outputs in the graph's order; state after the invoke; values that were asked for."""

    outputs: list[Array]
    state: Mapping[str, Array]
    values: Mapping[str, Array]


def initial_state(graph: Graph) -> Arrays:
    """State as after reset: {value name: array}."""
    return {state.value: state.initial for state in graph.states}


def run_numpy(node: Node, inputs: Sequence[Array], io: Io) -> list[Array]:
    """A node's outputs by its op's numpy meaning."""
    results: list[Array] = registry.load(OPS, node.op).run(node.attrs, inputs, io)
    return results


def interpret(
    graph: Graph,
    inputs: Sequence[Array],
    state: Mapping[str, Array] | None = None,
    *,
    run: RunNode = run_numpy,
) -> Result:
    """One invoke. inputs: one array per graph input, of its shape and dtype.

    `values` of the result holds every value that a node made.
    Raises ShapeError if an input does not fit.
    """
    stacked = [np.asarray(x)[None] for x in inputs]
    check_inputs(graph, stacked)
    values = {v.name: v.data for v in graph.constants if v.data is not None}
    values |= dict(zip(graph.inputs, (x[0] for x in stacked), strict=True))
    values |= dict(state) if state is not None else initial_state(graph)
    for node in graph.nodes:
        _run_node(graph, node, values, run)
    made = {name: values[name] for node in graph.nodes for name in node.outputs}
    return Result(
        [values[name] for name in graph.outputs],
        {s.value: values[s.next] for s in graph.states},
        made,
    )


def interpret_samples(
    graph: Graph,
    inputs: Sequence[Array],
    *,
    keep: Sequence[str] = (),
    stateful: bool = False,
    chunk: int = 64,
    run: RunNode = run_numpy,
) -> Result:
    """Many samples. inputs: one array (n, *shape) per graph input.

    outputs (n, *shape) in the graph's order; `values` has the values named in `keep`, each
    (n, *shape); of states it has what they are after the sample. State starts fresh for each
    sample, or with `stateful` the samples are consecutive steps and `state` of the result is the
    last one's.
    """
    check_inputs(graph, inputs)
    if graph.states or not batchable(graph):
        return _one_by_one(graph, inputs, keep, stateful, run)
    n = len(inputs[0]) if inputs else 1
    wanted = [*graph.outputs, *keep]
    parts: dict[str, list[Array]] = {name: [] for name in wanted}
    for start in range(0, n, chunk):
        values = _run_merged(graph, [x[start : start + chunk] for x in inputs], run)
        m = min(chunk, n - start)
        for name in dict.fromkeys(wanted):
            parts[name].append(_unmerge(values[name], graph.values[name], m))
    whole = {name: _join(pieces, graph.values[name]) for name, pieces in parts.items()}
    return Result([whole[name] for name in graph.outputs], {}, {k: whole[k] for k in keep})


def _join(pieces: Sequence[Array], value: Value) -> Array:
    if pieces:
        return np.concatenate(pieces)
    return np.zeros((0, *value.shape), storage(value.dtype))


def _one_by_one(
    graph: Graph, inputs: Sequence[Array], keep: Sequence[str], stateful: bool, run: RunNode
) -> Result:
    state = initial_state(graph)
    outputs: list[list[Array]] = [[] for _ in graph.outputs]
    kept: dict[str, list[Array]] = {name: [] for name in keep}
    for i in range(len(inputs[0]) if inputs else 1):
        result = interpret(graph, [x[i] for x in inputs], state if stateful else None, run=run)
        state = dict(result.state)
        for pile, array in zip(outputs, result.outputs, strict=True):
            pile.append(array)
        for name in keep:
            kept[name].append(result.state[name] if name in state else result.values[name])
    stacked = [
        np.stack(pile) if pile else _join([], graph.values[name])
        for pile, name in zip(outputs, graph.outputs, strict=True)
    ]
    return Result(stacked, state, {name: np.stack(pile) for name, pile in kept.items() if pile})


def batchable(graph: Graph) -> bool:
    """Whether samples may be stacked along axis 0 through the whole graph."""
    moving = [v for v in graph.values.values() if not v.is_constant]
    return (
        bool(graph.inputs)
        and all(len(v.shape) > 1 and v.shape[0] == 1 for v in moving)
        and all(is_batched(node, graph.io(node)) for node in graph.nodes)
    )


def is_batched(node: Node, io: Io) -> bool:
    """Whether a node computes samples that are stacked along axis 0 independently."""
    stated = registry.load(OPS, node.op).BATCHED
    return bool(stated(node.attrs, io) if callable(stated) else stated)


def _run_merged(graph: Graph, inputs: Sequence[Array], run: RunNode) -> Arrays:
    values: Arrays = {v.name: v.data for v in graph.constants if v.data is not None}
    for name, x in zip(graph.inputs, inputs, strict=True):
        values[name] = x.reshape(-1, *x.shape[2:])  # (n, 1, ...) -> (n, ...)
    for node in graph.nodes:
        _run_node(graph, node, values, run)
    return values


def _run_node(graph: Graph, node: Node, values: Arrays, run: RunNode) -> None:
    io = graph.io(node)
    results = run(node, [values[name] for name in node.inputs], io)
    for out, array in zip(io.outputs, results, strict=True):
        values[out.name] = array.astype(storage(out.dtype), copy=False)


def _unmerge(array: Array, value: Value, n: int) -> Array:
    """n samples of a value; one that depends on constants only was computed once."""
    samples = array.reshape(-1, *value.shape)
    return samples if len(samples) == n else np.broadcast_to(samples, (n, *value.shape))


def check_inputs(graph: Graph, inputs: Sequence[Array]) -> None:
    """Raise ShapeError unless there is one (n, *shape) array of the right dtype per input."""
    if len(inputs) != len(graph.inputs):
        raise ShapeError(
            f'graph "{graph.name}" has {len(graph.inputs)} inputs '
            f"({', '.join(graph.inputs)}), got {len(inputs)} arrays"
        )
    for name, x in zip(graph.inputs, inputs, strict=True):
        value = graph.values[name]
        if x.shape[1:] != value.shape or x.dtype != storage(value.dtype):
            raise ShapeError(
                f'input "{name}": got {x.dtype}{list(x.shape)}, '
                f"must be {value.dtype}[n, {', '.join(map(str, value.shape))}]"
            )
