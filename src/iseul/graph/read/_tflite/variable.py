# SPDX-License-Identifier: Apache-2.0
"""Variables: states of the graph that have a name instead of a tensor.

VAR_HANDLE makes a handle, READ_VARIABLE reads what was assigned last, in this invoke or the one
before, and ASSIGN_VARIABLE writes. CALL_ONCE runs a subgraph at the start, which may do nothing
but assign constants: what the variables hold after reset. Handles are no values of the graph.
(TensorFlow Lite Micro: kernels/var_handle.cc and its kin, micro_resource_variable.cc.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.ir import fresh_name, frozen_array
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import kind_of, memory_of, value_of

if TYPE_CHECKING:
    from iseul.graph.ir import Node, Value
    from iseul.graph.read._flatbuffer import Table
    from iseul.graph.read._tflite._operation import Operation
    from iseul.graph.read._tflite_file import File, Memory

    Key = tuple[str, str]


class VarHandleOptions:
    UNION = 111
    CONTAINER = 0
    SHARED_NAME = 1


class CallOnceOptions:
    UNION = 103
    INIT_SUBGRAPH_INDEX = 0


_SAME_TYPE = "let the variable have the same axes and the same type wherever it is used"
_CONSTANTS = "initialise variables with constants"


def _handle(op: Operation) -> list[Node]:
    _note_handle(op.file, op.numbers[1][0], op.options)
    return []


def _note_handle(file: File, tensor: int, options: Table) -> None:
    container = options.string(VarHandleOptions.CONTAINER)
    file.handles[tensor] = container, options.string(VarHandleOptions.SHARED_NAME)


def _key(file: File, tensor: int) -> Key:
    if tensor not in file.handles:
        raise DataError(f"corrupt: tensor {tensor} is used as a variable, but is no handle of one")
    return file.handles[tensor]


def _variable(op: Operation) -> Key:
    """Which variable an operator reads or writes."""
    if not op.numbers[0]:
        raise DataError(f"corrupt: {op.kind} names no variable")
    return _key(op.file, op.numbers[0][0])


def _read(op: Operation) -> list[Node]:
    if not op.outputs:
        raise DataError(f"corrupt: {op.kind} reads a variable into a handle")
    y = op.outputs[0]
    memory = _memory(op.file, _variable(op), y)
    _check_type(memory, y, "read")
    # a reshape to the same shape: the variable under the name of the tensor
    return op.moved("reshape", memory.now, shape=y.shape)


def _assign(op: Operation) -> list[Node]:
    value = op.input(1)
    memory = _memory(op.file, _variable(op), value)
    _check_type(memory, value, "assigned")
    if value.quant == memory.value.quant:
        memory.now = value
        return []
    node, memory.now = op.reinterpreted(value, memory.value)
    return [node]


def _memory(file: File, key: Key, like: Value) -> Memory:
    """The state of a variable, which has the type of the value that first meets it."""
    if key not in file.resources:
        name = fresh_name(file.taken, key[1] or "variable")
        file.taken.add(name)
        file.resources[key] = memory_of(replace(like, name=name, data=None))
    return file.resources[key]


def _check_type(memory: Memory, value: Value, what: str) -> None:
    """Of integers with another quantization the integers count, as the reference copies bytes."""
    known = memory.value
    if not value.shape:
        raise UnsupportedError(
            f'variable "{known.name}" is a scalar, but must have axes', _SAME_TYPE
        )
    both = known.quant is None, value.quant is None
    if (known.shape, known.dtype) != (value.shape, value.dtype) or both[0] != both[1]:
        raise UnsupportedError(
            f'variable "{known.name}" is {known.dtype}{list(known.shape)} of {known.quant}, but is '
            f"{what} as {value.dtype}{list(value.shape)} of {value.quant}",
            _SAME_TYPE,
        )


def _call_once(op: Operation) -> list[Node]:
    index = op.options.integer(CallOnceOptions.INIT_SUBGRAPH_INDEX, "i4")
    file = op.file.subgraph(index)
    for table in op.file.subgraphs[index].tables(schema.SubGraph.OPERATORS):
        kind = kind_of(file, table)
        numbers = [
            table.vector(field, "i4").tolist()
            for field in (schema.Operator.INPUTS, schema.Operator.OUTPUTS)
        ]
        if kind == "VAR_HANDLE" and len(numbers[1]) == 1:
            options = table.table(schema.Operator.BUILTIN_OPTIONS)
            if options is None:
                raise DataError("a VAR_HANDLE has no options, must name its variable")
            _note_handle(file, numbers[1][0], options)
        elif kind == "ASSIGN_VARIABLE" and len(numbers[0]) == 2:
            _initialise(file, _key(file, numbers[0][0]), value_of(file, numbers[0][1]))
        else:
            raise UnsupportedError(
                f"its subgraph has a {kind}, but may only assign constants to variables",
                _CONSTANTS,
            )
    return []


def _initialise(file: File, key: Key, value: Value) -> None:
    if value.data is None:
        raise UnsupportedError(
            f'its subgraph computes "{value.name}", but may only assign constants', _CONSTANTS
        )
    if key in file.resources:
        name = file.resources[key].value.name
        raise UnsupportedError(
            f'variable "{name}" is used before it gets its first value', "assign it first"
        )
    memory = _memory(file, key, value)
    memory.initial = frozen_array(value.data)


CONVERTERS: dict[str, Entry] = {
    "ASSIGN_VARIABLE": Entry(_assign, 2, outputs=0, handles=True),
    "CALL_ONCE": Entry(_call_once, 0, CallOnceOptions.UNION, outputs=0),
    "READ_VARIABLE": Entry(_read, 1, handles=True),
    "VAR_HANDLE": Entry(_handle, 0, VarHandleOptions.UNION, handles=True),
}
