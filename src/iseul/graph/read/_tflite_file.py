# SPDX-License-Identifier: Apache-2.0
"""The parts of a `.tflite` file, and its tensors as values of the IR.

Layouts are TFLite's own (NHWC, weights OHWI, depthwise 1HWO), so constants pass unchanged.
Tensors' names are kept where they are good names. Values are made when an op asks for them:
what nothing uses can not stand in the way. Field numbers: `_tflite_schema.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core.errors import DataError, IseulError, UnsupportedError
from iseul.graph.ir import Value, fresh_name
from iseul.graph.read import _flatbuffer
from iseul.graph.read import _tflite_schema as schema
from iseul.numerics.affine import INTEGER_RANGE, Quantization, storage, unpack_nibbles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import DType, Shape
    from iseul.graph.read._flatbuffer import Table
    from iseul.numerics import Array

MAX_RANK = 8
FIXED_SHAPES = "convert the model with fixed shapes (batch 1)"

_WHOLE = ("int4", "int8", "uint8", "int16", "int32", "uint32", "int64", "uint64")
_DTYPES = ("float32", *_WHOLE, "bool")
_MAX_ELEMENTS = (1 << 31) - 1
_MAX_NAME = 200
_LARGEST_STATE = 1 << 24  # a state is made when the file is read


@dataclass
class Memory:
    """A state on its way through the operators.

    value:   what it is at the start of an invoke
    initial: what it holds after reset
    now:     what an operator that reads it now finds: another value once one was written
    """

    value: Value
    initial: Array
    now: Value

    @property
    def is_written(self) -> bool:
        return self.now is not self.value


@dataclass
class File:
    """The parts of a model file, and the values already made of its tensors.

    values:    by tensor number;  between: values that converters have added
    arrays:    contents of buffers, by number and dtype;  taken: all names given so far
    variables: states that are tensors, by tensor number
    resources: states that have a name, by `_tflite/variable.py`'s keys;  handles: keys by the
               number of the tensor that stands for the state
    called:    numbers of the subgraphs that were read
    stored:    integer constants by the name of the reals that they were dequantized to
    """

    kinds: list[str]  # TFLite's op name of each operator code
    subgraphs: list[Table]
    buffers: list[Table]
    tensors: list[Table]
    names: list[str]
    values: dict[int, Value] = field(default_factory=dict)
    between: list[Value] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    arrays: dict[tuple[int, str], Array] = field(default_factory=dict)
    variables: dict[int, Memory] = field(default_factory=dict)
    resources: dict[tuple[str, str], Memory] = field(default_factory=dict)
    handles: dict[int, tuple[str, str]] = field(default_factory=dict)
    called: set[int] = field(default_factory=lambda: {0})
    stored: dict[str, Value] = field(default_factory=dict)

    @property
    def memories(self) -> tuple[Memory, ...]:
        """All states."""
        return (*self.variables.values(), *self.resources.values())

    def subgraph(self, index: int) -> File:
        """The file as another subgraph sees it: its tensors, the same states."""
        if not 0 < index < len(self.subgraphs):
            raise DataError(f"corrupt: subgraph {index} is called, there are {len(self.subgraphs)}")
        self.called.add(index)
        tensors = self.subgraphs[index].tables(schema.SubGraph.TENSORS)
        names = _names(tensors)
        own = File(self.kinds, self.subgraphs, self.buffers, tensors, names, taken=set(names))
        own.arrays, own.resources = self.arrays, self.resources
        return own


def open_file(data: bytes) -> File:
    root = _flatbuffer.root(data, schema.IDENTIFIER)
    version = root.integer(schema.Model.VERSION, "u4")
    if version != schema.VERSION:
        raise DataError(f"schema version is {version}, must be {schema.VERSION}")
    subgraphs = root.tables(schema.Model.SUBGRAPHS)
    if not subgraphs:
        raise DataError("the model has no subgraph, must have one")
    tensors = subgraphs[0].tables(schema.SubGraph.TENSORS)
    kinds = [_kind(code) for code in root.tables(schema.Model.OPERATOR_CODES)]
    buffers = root.tables(schema.Model.BUFFERS)
    names = _names(tensors)
    return File(kinds, subgraphs, buffers, tensors, names, taken=set(names))


def _kind(code: Table) -> str:
    """TFLite's name of an op; codes from 127 on are in the wider field only."""
    narrow = code.integer(schema.OperatorCode.DEPRECATED_BUILTIN_CODE, "i1")
    number = max(narrow, code.integer(schema.OperatorCode.BUILTIN_CODE, "i4"))
    if number == schema.CUSTOM:
        return f"CUSTOM({_printable(code.string(schema.OperatorCode.CUSTOM_CODE))})"
    known = 0 <= number < len(schema.OPERATORS)
    return schema.OPERATORS[number] if known else f"OPERATOR_{number}"


def _printable(name: str) -> str:
    """Names go into messages and into comments of generated code: one line, not too long."""
    return "".join(c if c.isprintable() else "_" for c in name[:_MAX_NAME])


def _names(tensors: Sequence[Table]) -> list[str]:
    """Unique, non-empty names; a tensor whose name is taken gets its number behind it."""
    taken: dict[str, None] = {}
    for i, tensor in enumerate(tensors):
        stem = _printable(tensor.string(schema.Tensor.NAME)) or f"tensor_{i}"
        taken[stem if stem not in taken else fresh_name(taken, f"{stem}_{i}")] = None
    return list(taken)


def value_of(file: File, index: int) -> Value:
    """The value of a tensor; of a variable, what it is now.

    Raises UnsupportedError for kinds that the IR does not have.
    """
    tensor, name = tensor_of(file, index), file.names[index]
    if tensor.flag(schema.Tensor.IS_VARIABLE):
        return _variable(file, index).now
    if index not in file.values:
        dtype = _dtype(file, tensor, name)
        shape = _shape(tensor, name)
        quant = _quantization(tensor, name, dtype, shape)
        data = _data(file, tensor, name, dtype, shape)
        file.values[index] = Value(name, shape, dtype, quant, data)
    return file.values[index]


def tensor_of(file: File, index: int) -> Table:
    """A tensor by its number."""
    if not 0 <= index < len(file.tensors):
        raise DataError(f"corrupt: tensor {index} is named, the model has {len(file.tensors)}")
    return file.tensors[index]


def is_handle(file: File, index: int) -> bool:
    """Whether a tensor stands for a variable instead of holding numbers."""
    number = tensor_of(file, index).integer(schema.Tensor.TYPE, "i1")
    return number == schema.TENSOR_TYPES.index("resource")


def kind_of(file: File, operator: Table) -> str:
    """TFLite's name of an operator's op."""
    code = operator.integer(schema.Operator.OPCODE_INDEX, "u4")
    if code >= len(file.kinds):
        raise DataError(f"corrupt: operator code {code}, the model has {len(file.kinds)}")
    return file.kinds[code]


def _variable(file: File, index: int) -> Memory:
    """The state that a variable tensor is."""
    if index not in file.variables:
        tensor, name = file.tensors[index], file.names[index]
        dtype, shape = _dtype(file, tensor, name), _shape(tensor, name)
        quant = _quantization(tensor, name, dtype, shape)
        if _data(file, tensor, name, dtype, shape) is not None:
            raise DataError(f'tensor "{name}" is a variable and has contents')
        file.variables[index] = memory_of(Value(name, shape, dtype, quant))
    return file.variables[index]


def memory_of(value: Value) -> Memory:
    """A state that is real zero after reset, as TensorFlow Lite Micro's ResetVariableTensors."""
    if value.n_elements > _LARGEST_STATE:
        raise UnsupportedError(
            f'state "{value.name}" has {value.n_elements:,} values, but must have at most '
            f"{_LARGEST_STATE:,}",
            "make the state smaller",
        )
    zero = value.quant.zero_point[0] if value.quant is not None and value.dtype == "int8" else 0
    # a view that takes no memory: the shape is not checked yet
    initial = np.broadcast_to(np.array(zero, storage(value.dtype)), value.shape)
    return Memory(value, initial, value)


def _dtype(file: File, tensor: Table, name: str) -> DType:
    number = tensor.integer(schema.Tensor.TYPE, "i1")
    known = 0 <= number < len(schema.TENSOR_TYPES)
    dtype = schema.TENSOR_TYPES[number] if known else f"type {number}"
    if dtype == "float16" and _has_contents(file, tensor):
        return "float32"  # stored at half the size
    if dtype not in _DTYPES:
        raise UnsupportedError(
            f'tensor "{name}" is {dtype}, but tensors must be one of {", ".join(_DTYPES)}',
            "convert the model with int8 or float32 tensors",
        )
    if tensor.has(schema.Tensor.SPARSITY):
        raise UnsupportedError(
            f'tensor "{name}" is stored sparse, but constants must be dense',
            "convert the model without sparse tensors",
        )
    return cast("DType", dtype)


def _shape(tensor: Table, name: str) -> Shape:
    sizes = tensor.vector(schema.Tensor.SHAPE, "i4")
    if len(sizes) > MAX_RANK:
        raise DataError(f'tensor "{name}" has {len(sizes)} axes, must be at most {MAX_RANK}')
    shape = tuple(int(size) for size in sizes)
    if any(size < 1 for size in shape):
        raise UnsupportedError(
            f'tensor "{name}" has shape {list(shape)}, but all sizes must be known', FIXED_SHAPES
        )
    n_elements = 1
    for size in shape:
        n_elements *= size
    if n_elements > _MAX_ELEMENTS:
        raise DataError(f'tensor "{name}" has shape {list(shape)}: more than 2^31 elements')
    return shape


def _quantization(tensor: Table, name: str, dtype: DType, shape: Shape) -> Quantization | None:
    fields = schema.QuantizationParameters
    stated = tensor.table(schema.Tensor.QUANTIZATION)
    if stated is None or dtype not in INTEGER_RANGE:
        return None
    if stated.integer(fields.DETAILS_TYPE, "u1"):
        raise UnsupportedError(
            f'tensor "{name}" is quantized in its own way, but must be per tensor or per channel',
            "quantize the model per channel",
        )
    scale, zero_point = stated.vector(fields.SCALE, "f4"), stated.vector(fields.ZERO_POINT, "i8")
    if not len(scale):
        return None
    zero_point = zero_point if len(zero_point) else np.zeros(len(scale), np.int64)
    axis = _channel_axis(name, shape, len(scale), stated.integer(fields.QUANTIZED_DIMENSION, "i4"))
    low, high = INTEGER_RANGE[dtype]
    if int(zero_point.min()) < low or int(zero_point.max()) > high:
        raise DataError(f'tensor "{name}" has a zero point outside {dtype}')
    try:
        return Quantization(tuple(scale.tolist()), tuple(zero_point.tolist()), axis)
    except IseulError as error:
        raise DataError(f'tensor "{name}": {error.problem}') from None


def _channel_axis(name: str, shape: Shape, n_scales: int, axis: int) -> int | None:
    if n_scales == 1:
        return None
    # some converters copy the axis of the weights to the bias, which has one axis only
    axis = 0 if len(shape) == 1 else axis
    if not 0 <= axis < len(shape) or shape[axis] != n_scales:
        raise DataError(
            f'tensor "{name}" of shape {list(shape)} has {n_scales} scales along axis {axis}; '
            "must have one per channel"
        )
    return axis


def _data(file: File, tensor: Table, name: str, dtype: DType, shape: Shape) -> Array | None:
    """The contents of a constant, read-only; None for a tensor that is computed."""
    index = tensor.integer(schema.Tensor.BUFFER, "u4")
    if index >= len(file.buffers):
        # buffer 0 means "none", also in a model without buffers
        if index == 0:
            return None
        raise DataError(f'tensor "{name}" is in buffer {index}, the model has {len(file.buffers)}')
    is_half = tensor.integer(schema.Tensor.TYPE, "i1") == schema.TENSOR_TYPES.index("float16")
    stored = "float16" if is_half else dtype
    if (index, stored) not in file.arrays:
        file.arrays[index, stored] = _array(file, file.buffers[index], name, stored)
    array = file.arrays[index, stored]
    if not array.size:
        return None
    n = int(np.prod(shape, dtype=np.int64))
    if dtype == "int4" and array.size == n + 1:  # the last byte holds one element
        array = array[:n]
    if array.size != n:
        raise DataError(
            f'constant "{name}" of {dtype}{list(shape)} has {array.size} elements in the file'
        )
    return array.reshape(shape)


def _has_contents(file: File, tensor: Table) -> bool:
    index = tensor.integer(schema.Tensor.BUFFER, "u4")
    if index >= len(file.buffers):
        return False
    buffer = file.buffers[index]
    return bool(len(buffer.vector(schema.Buffer.DATA, "u1"))) or bool(
        buffer.integer(schema.Buffer.SIZE, "u8")
    )


def _array(file: File, buffer: Table, name: str, dtype: str) -> Array:
    """All elements of a buffer as one read-only axis; tensors that share it share the memory.

    dtype: as stored: int4 is two to a byte, the first in the low half; float16 becomes float32
    """
    raw: Any = buffer.vector(schema.Buffer.DATA, "u1")
    offset = buffer.integer(schema.Buffer.OFFSET, "u8")
    if offset > 1:  # large models keep constants behind the flatbuffer; 0 and 1 mean "not so"
        raw = buffer.source.span(offset, buffer.integer(schema.Buffer.SIZE, "u8"))
    stored = np.dtype("u1" if dtype in ("bool", "int4") else dtype).newbyteorder("<")
    if len(raw) % stored.itemsize:
        raise DataError(f'constant "{name}" has {len(raw)} bytes, not a multiple of {dtype}\'s')
    array = np.frombuffer(raw, stored)
    if dtype == "bool":
        array = array != 0
    elif dtype == "int4":
        array = unpack_nibbles(array)
    else:
        array = array.astype("float32" if dtype == "float16" else dtype)
    array.setflags(write=False)
    return array
