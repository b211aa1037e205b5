# SPDX-License-Identifier: Apache-2.0
"""Reader of `.tflite` files: TensorFlow Lite models become graphs, integers and all.

What Iseul can not do is collected over the whole file and refused in one error. A node is
called after its first output. Tensors: `_tflite_file.py`; ops: `_tflite/`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from iseul.core import registry
from iseul.core.errors import Blocker, DataError, IseulError, ShapeError, UnsupportedError
from iseul.graph.build import OPS
from iseul.graph.ir import Graph, Node, State, frozen_array
from iseul.graph.read import _flatbuffer
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite import converters
from iseul.graph.read._tflite._operation import Operation
from iseul.graph.read._tflite_file import (
    File,
    is_handle,
    kind_of,
    open_file,
    tensor_of,
    value_of,
)
from iseul.graph.read._uint8 import without_uint8
from iseul.graph.verify import broken_constraints, check_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Value
    from iseul.graph.read._flatbuffer import Table

SUFFIXES = (".tflite",)

_INTEGER_KINDS = ("int4", "int8", "uint8", "int16")  # what makes a graph a quantized one
_MAX_BYTES = (1 << 31) - 1  # FlatBuffers' own limit
_REQUANTIZE = "quantize the model to int8 with int8 input and output, or leave it float32"


def read(path: Path | str) -> Graph:
    """The graph in a `.tflite` file.

    Raises DataError if the file is not a sound TFLite model, and UnsupportedError that lists
    every blocker if it is one that Iseul can not run.
    """
    graph, found = _load(Path(path))
    if graph is None:
        lines = "".join(f"\n  {blocker}" for blocker in found)
        many = f"{len(found)} blockers" if len(found) > 1 else "1 blocker"
        remedies = dict.fromkeys(blocker.remedy for blocker in found if blocker.remedy)
        raise UnsupportedError(f"{path}: {many}:{lines}", "; ".join(remedies), found)
    return graph


def blockers(path: Path | str) -> tuple[Blocker, ...]:
    """All that `read` would refuse in a sound file; empty if it reads. Raises DataError."""
    return _load(Path(path))[1]


def _load(path: Path) -> tuple[Graph | None, tuple[Blocker, ...]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError("the file is larger than 2 GiB, no TFLite model is")
        return _convert(open_file(path.read_bytes()), path.stem)
    except OSError as error:
        raise DataError(f"{path}: can not be read: {error.strerror}", "check the path") from None
    except UnsupportedError:
        raise
    except IseulError as error:  # a graph that is not legal comes from a file that is not sound
        raise DataError(f"{path}: {error.problem}", error.remedy) from None


def _convert(file: File, name: str) -> tuple[Graph | None, tuple[Blocker, ...]]:
    """The graph, or None and what stands in its way, in the file's order."""
    found: list[tuple[int, Blocker]] = []  # (position of the operator, ...)
    main = file.subgraphs[0]
    nodes: list[Node] = []
    origin: dict[str, tuple[int, str]] = {}  # of a node: position and op in the file
    for i, table in enumerate(main.tables(schema.SubGraph.OPERATORS)):
        kind, node_name = _kind_and_name(file, table, i)
        try:
            made = _nodes(file, table, kind, node_name)
        except UnsupportedError as error:
            found.append((i, Blocker(kind, node_name, error.problem, error.remedy)))
            continue
        nodes += made
        origin.update((node.name, (i, kind)) for node in made)
    inputs = _interface(file, main, schema.SubGraph.INPUTS, found, name)
    outputs = _interface(file, main, schema.SubGraph.OUTPUTS, found, name)
    for node, problem, remedy in _broken(file, inputs, nodes):
        i, kind = origin.get(node.name, (-1, node.op))
        found.append((i, Blocker(kind, node.name, problem, remedy)))
    found += [(-1, blocker) for blocker in _left_over(file, main, name)]
    if found:
        found.sort(key=lambda entry: entry[0])
        return None, tuple(dict.fromkeys(blocker for _, blocker in found))
    graph = without_uint8(_draft(file, name, inputs, outputs, nodes))
    states = (replace(state, initial=frozen_array(state.initial)) for state in graph.states)
    graph = replace(graph, states=tuple(states))
    check_graph(graph)
    return graph, ()


def _left_over(file: File, main: Table, name: str) -> list[Blocker]:
    """Subgraphs and variables that no operator accounts for."""
    found = []
    given = main.vector(schema.SubGraph.INPUTS, "i4").tolist()
    unread = len(file.subgraphs) - len(file.called)
    if unread:
        problem = (
            f"has {len(file.subgraphs)} subgraphs, but must have one, and those that CALL_ONCE runs"
        )
        found.append(Blocker("model", name, problem, "convert it without control flow"))
    for index, memory in file.variables.items():
        if not memory.is_written or index in given:
            lack = "is an input too" if index in given else "no op writes it"
            problem = f'tensor "{memory.value.name}" is a variable, but {lack}'
            remedy = "make the state an input and an output of the model, and no variable"
            found.append(Blocker("model", name, problem, remedy))
    return found


def _kind_and_name(file: File, table: Table, i: int) -> tuple[str, str]:
    """An operator's op and its first output's name; without outputs, its op and place."""
    kind = kind_of(file, table)
    made = table.vector(schema.Operator.OUTPUTS, "i4")
    if not len(made):
        return kind, f"{kind.lower()}_{i}"
    tensor_of(file, int(made[0]))
    return kind, file.names[made[0]]


def _nodes(file: File, table: Table, kind: str, name: str) -> list[Node]:
    entry = converters().get(kind)
    if entry is None:
        raise UnsupportedError(
            f"there is no reader for {kind}",
            f"use other ops in the model; those that can be read: {', '.join(converters())}",
        )
    ins = table.vector(schema.Operator.INPUTS, "i4").tolist()
    outs = table.vector(schema.Operator.OUTPUTS, "i4").tolist()
    n_outputs = len(outs) if entry.outputs is None else entry.outputs
    if len(ins) > entry.most or len(outs) != n_outputs or (entry.outputs is None and not outs):
        raise DataError(
            f'{kind} "{name}" has {len(ins)} inputs and {len(outs)} outputs; '
            f"must have at most {entry.most} and {n_outputs}"
        )
    absent = {i for i in (*ins, *outs) if i == -1 or (entry.handles and is_handle(file, i))}
    inputs = tuple(value_of(file, i) if i not in absent else None for i in ins)
    outputs = tuple(value_of(file, i) for i in outs if i == -1 or i not in absent)
    union = table.integer(schema.Operator.BUILTIN_OPTIONS_TYPE, "u1")
    stated = table.table(schema.Operator.BUILTIN_OPTIONS) if union == entry.union else None
    options = stated or _flatbuffer.empty(table.source)
    custom = table.vector(schema.Operator.CUSTOM_OPTIONS, "u1").tobytes()
    op = Operation(file, kind, name, inputs, outputs, options, (ins, outs), custom)
    return op.folded(entry.convert(op))


def _interface(
    file: File, main: Table, number: int, found: list[tuple[int, Blocker]], name: str
) -> tuple[str, ...]:
    """Names of the graph's inputs or outputs; tensors that the IR does not have are blockers."""
    names = []
    for index in main.vector(number, "i4").tolist():
        try:
            names.append(value_of(file, index).name)
        except UnsupportedError as error:
            found.append((-1, Blocker("model", name, error.problem, error.remedy)))
    return tuple(names)


def _draft(
    file: File, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...], nodes: list[Node]
) -> Graph:
    states, constants = _states(file)
    used = {*inputs, *outputs, *(name for state in states for name in (state.value, state.next))}
    used.update(value for node in nodes for value in (*node.inputs, *node.outputs))
    known = (*file.values.values(), *file.between, *(memory.value for memory in file.memories))
    values = {value.name: value for value in (*known, *constants) if value.name in used}
    quantized = any(value.dtype in _INTEGER_KINDS for value in values.values())
    level = "quantized" if quantized else "float"
    return Graph(name, inputs, outputs, tuple(nodes), values, states, cast("Any", level))


def _states(file: File) -> tuple[tuple[State, ...], list[Value]]:
    """The graph's states; resources that are never written are constants."""
    written = [memory for memory in file.memories if memory.is_written]
    states = tuple(State(m.value.name, m.now.name, m.initial) for m in written)
    fixed = [m for m in file.resources.values() if not m.is_written]
    return states, [replace(m.value, data=m.initial) for m in fixed]


def _broken(file: File, inputs: Sequence[str], nodes: list[Node]) -> list[tuple[Node, str, str]]:
    """(node, problem, remedy) for what the converted nodes can not do.

    Raises DataError where the file's shapes are not those of its ops.
    """
    graph = without_uint8(_draft(file, "", (), (), nodes))
    constant = [name for name in inputs if name in graph.values and graph.values[name].is_constant]
    if constant or len(set(inputs)) != len(inputs):
        raise DataError(f"inputs {list(inputs)} must be different tensors and no constants")
    found = []
    for node in graph.nodes:
        io = graph.io(node)
        try:
            inferred = list(registry.load(OPS, node.op).infer(node.attrs, io.inputs))
        except ShapeError as error:
            found.append((node, error.problem, error.remedy))
            continue
        stated = [value.shape for value in io.outputs]
        if inferred != stated:
            raise DataError(f'{node.op} "{node.name}" gives shapes {inferred}, file has {stated}')
    if found:  # rules look at shapes, so these must be right first
        return found
    return [
        (node, f"{what}, but {rule}", _REQUANTIZE) for node, rule, what in broken_constraints(graph)
    ]


__all__ = ["SUFFIXES", "blockers", "read"]
