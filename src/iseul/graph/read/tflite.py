# SPDX-License-Identifier: Apache-2.0
"""Reader of `.tflite` files: TensorFlow Lite models become graphs, integers and all.

Layouts are TFLite's own (NHWC, weights OHWI, depthwise 1HWO), so constants pass unchanged;
SAME and VALID become explicit pads, constant inputs of RESHAPE and PAD become attributes. What
Iseul can not do is collected over the whole file and refused in one error.

One function per TFLite op stands in `CONVERTERS`. Tensors' names are kept where they are good
names; a node is called after its first output. Field numbers: `_tflite_schema.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core import config, registry
from iseul.core.errors import DataError, IseulError, UnsupportedError
from iseul.graph.build import OPS, infer_outputs
from iseul.graph.ir import Graph, Node, Value, fresh_name
from iseul.graph.ops._spatial import same_pads
from iseul.graph.read import _flatbuffer
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.verify import broken_constraints, check_graph
from iseul.numerics.affine import INTEGER_RANGE, Quantization

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import DType, Shape
    from iseul.graph.ops._spatial import Pads, Pair
    from iseul.graph.read._flatbuffer import Table
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation

SUFFIXES = (".tflite",)

_DTYPES = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
_INTEGER_KINDS = ("int4", "int8", "uint8", "int16")  # what makes a graph a quantized one
_MAX_BYTES = (1 << 31) - 1  # FlatBuffers' own limit
_MAX_RANK = 8
_MAX_ELEMENTS = (1 << 31) - 1
_MAX_NAME = 200
_NOT_YET = "replace the op in the model"
_FIXED_SHAPES = "convert the model with fixed shapes (batch 1)"


@dataclass(frozen=True)
class Blocker:
    """One thing in a file that Iseul can not do.

    op: TFLite's name of the op, or "model" for what concerns the whole file
    name: the node, called after its first output
    """

    op: str
    name: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f'{self.op} "{self.name}": {self.problem}'


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
        raise UnsupportedError(f"{path}: {many}:{lines}", "; ".join(remedies))
    return graph


def blockers(path: Path | str) -> tuple[Blocker, ...]:
    """All that `read` would refuse in a sound file; empty if it reads. Raises DataError."""
    return _load(Path(path))[1]


def _load(path: Path) -> tuple[Graph | None, tuple[Blocker, ...]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise DataError("the file is larger than 2 GiB, no TFLite model is")
        return _convert(_open(path.read_bytes()), path.stem)
    except OSError as error:
        raise DataError(f"{path}: can not be read: {error.strerror}", "check the path") from None
    except IseulError as error:
        raise DataError(f"{path}: {error.problem}", error.remedy) from None


# --- the file: tensors, buffers, operators


@dataclass
class _File:
    """The parts of a model file, and the values already made of its tensors."""

    data: bytes
    kinds: list[str]  # TFLite's op name of each operator code
    subgraphs: list[Table]
    buffers: list[Table]
    tensors: list[Table]
    names: list[str]
    values: dict[int, Value] = field(default_factory=dict)
    arrays: dict[tuple[int, DType], Array] = field(default_factory=dict)


def _open(data: bytes) -> _File:
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
    return _File(data, kinds, subgraphs, buffers, tensors, _names(tensors))


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


def _value(file: _File, index: int) -> Value:
    """The value of a tensor. Raises UnsupportedError for kinds that the IR does not have."""
    if not 0 <= index < len(file.tensors):
        raise DataError(f"corrupt: tensor {index} is named, the model has {len(file.tensors)}")
    if index not in file.values:
        tensor, name = file.tensors[index], file.names[index]
        dtype = _dtype(tensor, name)
        shape = _shape(tensor, name)
        quant = _quantization(tensor, name, dtype, shape)
        data = _data(file, tensor, name, dtype, shape)
        file.values[index] = Value(name, shape, dtype, quant, data)
    return file.values[index]


def _dtype(tensor: Table, name: str) -> DType:
    number = tensor.integer(schema.Tensor.TYPE, "i1")
    known = 0 <= number < len(schema.TENSOR_TYPES)
    dtype = schema.TENSOR_TYPES[number] if known else f"type {number}"
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
    if tensor.flag(schema.Tensor.IS_VARIABLE):
        raise UnsupportedError(
            f'tensor "{name}" is a variable, but no op that keeps state can be read yet',
            "make the state an input and an output of the model",
        )
    return cast("DType", dtype)


def _shape(tensor: Table, name: str) -> Shape:
    sizes = tensor.vector(schema.Tensor.SHAPE, "i4")
    if len(sizes) > _MAX_RANK:
        raise DataError(f'tensor "{name}" has {len(sizes)} axes, must be at most {_MAX_RANK}')
    shape = tuple(int(size) for size in sizes)
    if any(size < 1 for size in shape):
        raise UnsupportedError(
            f'tensor "{name}" has shape {list(shape)}, but all sizes must be known', _FIXED_SHAPES
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


def _data(file: _File, tensor: Table, name: str, dtype: DType, shape: Shape) -> Array | None:
    """The contents of a constant, read-only; None for a tensor that is computed."""
    index = tensor.integer(schema.Tensor.BUFFER, "u4")
    if index >= len(file.buffers):
        # buffer 0 means "none", also in a model without buffers
        if index == 0:
            return None
        raise DataError(f'tensor "{name}" is in buffer {index}, the model has {len(file.buffers)}')
    if (index, dtype) not in file.arrays:
        file.arrays[index, dtype] = _array(file, file.buffers[index], name, dtype)
    array = file.arrays[index, dtype]
    if not array.size:
        return None
    if array.size != np.prod(shape, dtype=np.int64):
        raise DataError(
            f'constant "{name}" of {dtype}{list(shape)} has {array.size} elements in the file'
        )
    return array.reshape(shape)


def _array(file: _File, buffer: Table, name: str, dtype: DType) -> Array:
    """All elements of a buffer as one read-only axis; tensors that share it share the memory."""
    raw: Any = buffer.vector(schema.Buffer.DATA, "u1")
    offset = buffer.integer(schema.Buffer.OFFSET, "u8")
    if offset > 1:  # large models keep constants behind the flatbuffer; 0 and 1 mean "not so"
        raw = buffer.source.span(offset, buffer.integer(schema.Buffer.SIZE, "u8"))
    stored = np.dtype("u1" if dtype == "bool" else dtype).newbyteorder("<")
    if len(raw) % stored.itemsize:
        raise DataError(f'constant "{name}" has {len(raw)} bytes, not a multiple of {dtype}\'s')
    array = np.frombuffer(raw, stored)
    array = array != 0 if dtype == "bool" else array.astype(dtype)
    array.setflags(write=False)
    return array


# --- operators to nodes


@dataclass(frozen=True)
class Operation:
    """One operator of the file, as its converter sees it.

    name:    of the node to make
    inputs:  None where the file leaves an optional input out
    options: the op's table of options; an absent one reads as all defaults
    """

    kind: str
    name: str
    inputs: tuple[Value | None, ...]
    outputs: tuple[Value, ...]
    options: Table

    def input(self, i: int) -> Value:
        """An input that must be there."""
        value = self.inputs[i] if i < len(self.inputs) else None
        if value is None:
            raise DataError(f'{self.kind} "{self.name}" has no input {i}')
        return value

    def constant(self, i: int) -> Array:
        """The contents of an input that must be constant."""
        value = self.input(i)
        if value.data is None:
            raise UnsupportedError(
                f'input "{value.name}" is computed at run time, but must be a constant',
                _FIXED_SHAPES,
            )
        return value.data

    def sizes(self, height: int, width: int, what: str) -> Pair:
        """Two option fields, rows then columns, that must be >= 1."""
        pair = (self.options.integer(height, "i4"), self.options.integer(width, "i4"))
        return self.at_least_one(pair, what)

    def at_least_one(self, pair: Pair, what: str) -> Pair:
        if min(pair) < 1:
            raise DataError(f'{self.kind} "{self.name}" has {what} {pair}, must be >= 1')
        return pair

    def activation(self, number: int) -> Activation:
        """The fused activation in an option field."""
        code = self.options.integer(number, "i1")
        known = 0 <= code < len(schema.ACTIVATIONS)
        name = schema.ACTIVATIONS[code] if known else f"number {code}"
        if name not in ("NONE", "RELU", "RELU6", "RELU_N1_TO_1"):
            raise UnsupportedError(
                f"fused activation is {name}, but must be none, relu, relu6 or relu_n1_to_1",
                "make the activation an op of its own",
            )
        return cast("Activation", name.lower())

    def node(self, op: str, inputs: Sequence[Value | None], **attrs: Any) -> Node:
        """The node: `inputs` (trailing absent ones dropped) to all outputs."""
        present = [value for value in inputs if value is not None]
        if any(value is None for value in inputs[: len(present)]):
            raise DataError(f'{self.kind} "{self.name}" lacks an input before its last')
        made = config.build(registry.load(OPS, op).Attrs, attrs, f'{op} "{self.name}"')
        ins, outs = (tuple(value.name for value in side) for side in (present, self.outputs))
        return Node(self.name, op, ins, outs, made)


def _window_pads(op: Operation, number: int, x: Shape, reach: tuple[Pair, Pair, Pair]) -> Pads:
    """SAME or VALID as explicit pads; reach: kernel, stride, dilation."""
    if len(x) != 4:
        raise DataError(f'{op.kind} "{op.name}": input has shape {list(x)}, must have 4 axes')
    if op.options.integer(number, "i1") != schema.PADDING_SAME:
        return (0, 0, 0, 0)
    return same_pads((x[1], x[2]), *reach)


def _conv_2d(op: Operation) -> Node:
    fields = schema.Conv2DOptions
    x, weights = op.input(0), op.input(1)
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    dilation = _dilation(op, fields.DILATION_H, fields.DILATION_W)
    kernel = _kernel_size(op, weights)
    pads = _window_pads(op, fields.PADDING, x.shape, (kernel, stride, dilation))
    return op.node(
        "conv2d",
        op.inputs,
        stride=stride,
        dilation=dilation,
        pads=pads,
        activation=op.activation(fields.ACTIVATION),
    )


def _depthwise_conv_2d(op: Operation) -> Node:
    fields = schema.DepthwiseConv2DOptions
    x, weights = op.input(0), op.input(1)
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    dilation = _dilation(op, fields.DILATION_H, fields.DILATION_W)
    kernel = _kernel_size(op, weights)
    pads = _window_pads(op, fields.PADDING, x.shape, (kernel, stride, dilation))
    stated = op.options.integer(fields.DEPTH_MULTIPLIER, "i4")
    if stated and stated * x.shape[3] != weights.shape[3]:  # 0: left to the shapes
        raise DataError(
            f'{op.kind} "{op.name}" has depth multiplier {stated}, but {x.shape[3]} channels in '
            f"and {weights.shape[3]} out"
        )
    return op.node(
        "depthwise_conv2d",
        op.inputs,
        stride=stride,
        dilation=dilation,
        pads=pads,
        activation=op.activation(fields.ACTIVATION),
    )


def _dilation(op: Operation, height: int, width: int) -> Pair:
    pair = (op.options.integer(height, "i4", 1), op.options.integer(width, "i4", 1))
    return op.at_least_one(pair, "dilation")


def _kernel_size(op: Operation, weights: Value) -> Pair:
    if len(weights.shape) != 4:
        raise DataError(f'{op.kind} "{op.name}": weights have shape {list(weights.shape)}')
    return (weights.shape[1], weights.shape[2])


def _fully_connected(op: Operation) -> Node:
    fields = schema.FullyConnectedOptions
    if op.options.integer(fields.WEIGHTS_FORMAT, "i1"):
        raise UnsupportedError("weights are shuffled, but must be in plain order", _NOT_YET)
    x, weights, y = op.input(0).shape, op.input(1).shape, op.outputs[0].shape
    # TFLite Micro takes the output's shape from the file, whatever the option says
    keep = len(x) != 2 and len(weights) == 2 and y == (*x[:-1], weights[0])
    activation = op.activation(fields.ACTIVATION)
    return op.node("fully_connected", op.inputs, keep_dims=keep, activation=activation)


def _add(op: Operation) -> Node:
    activation = op.activation(schema.AddOptions.ACTIVATION)
    return op.node("add", [op.input(0), op.input(1)], activation=activation)


def _pool(op: Operation, kind: str) -> Node:
    fields = schema.Pool2DOptions
    x = op.input(0)
    kernel = op.sizes(fields.FILTER_HEIGHT, fields.FILTER_WIDTH, "filter")
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    return op.node(
        kind,
        [x],
        kernel_size=kernel,
        stride=stride,
        pads=_window_pads(op, fields.PADDING, x.shape, (kernel, stride, (1, 1))),
        activation=op.activation(fields.ACTIVATION),
    )


def _average_pool_2d(op: Operation) -> Node:
    return _pool(op, "average_pool2d")


def _max_pool_2d(op: Operation) -> Node:
    return _pool(op, "max_pool2d")


def _pad(op: Operation) -> Node:
    x, table = op.input(0), op.constant(1)
    if table.shape != (len(x.shape), 2) or table.dtype.kind != "i" or int(table.min()) < 0:
        raise DataError(f'{op.kind} "{op.name}": paddings {table.tolist()} do not fit {x.shape}')
    pads = tuple((int(before), int(after)) for before, after in table)
    return op.node("pad", [x], pads=pads, value=_pad_value(op))


def _pad_value(op: Operation) -> float:
    """The real number that PADV2's third input stands for; PAD has none and pads real 0."""
    if len(op.inputs) < 3:
        return 0.0
    value, x = op.input(2), op.input(0)
    data = op.constant(2)
    if data.size != 1 or value.dtype != x.dtype:
        raise DataError(f'{op.kind} "{op.name}": pad value is {value.dtype}{list(value.shape)}')
    if x.quant is None:
        return float(data.item())
    # the integer is used as it is: in the input's own quantization
    return x.quant.scale[0] * (int(data.item()) - x.quant.zero_point[0])


def _reshape(op: Operation) -> Node:
    x = op.input(0)
    if len(op.inputs) > 1:
        wanted = op.constant(1)
    elif op.options.has(schema.ReshapeOptions.NEW_SHAPE):
        wanted = op.options.vector(schema.ReshapeOptions.NEW_SHAPE, "i4")
    else:
        wanted = np.array(op.outputs[0].shape, np.int64)
    if wanted.dtype.kind != "i" or wanted.size > _MAX_RANK:
        raise DataError(f'{op.kind} "{op.name}": {wanted.size} numbers are not a shape')
    shape = [int(size) for size in wanted.ravel()]
    if shape.count(-1) == 1:  # the size that the others leave over
        known = int(np.prod([size for size in shape if size != -1], dtype=np.int64))
        shape[shape.index(-1)] = x.n_elements // max(known, 1)
    if any(size < 1 for size in shape):
        raise DataError(f'{op.kind} "{op.name}": {wanted.tolist()} is not a shape')
    return op.node("reshape", [x], shape=tuple(shape))


def _softmax(op: Operation) -> Node:
    beta = op.options.real(schema.SoftmaxOptions.BETA)
    if not (np.isfinite(beta) and beta > 0):
        raise DataError(f'{op.kind} "{op.name}" has beta {beta}, must be > 0')
    return op.node("softmax", [op.input(0)], beta=beta)


def _quantize(op: Operation) -> Node:
    return op.node("quantize", [op.input(0)])


def _dequantize(op: Operation) -> Node:
    return op.node("dequantize", [op.input(0)])


def _relu(op: Operation) -> Node:
    return op.node("relu", [op.input(0)])


def _relu6(op: Operation) -> Node:
    return op.node("relu6", [op.input(0)])


@dataclass(frozen=True)
class _Entry:
    """How to convert an op.

    most:  inputs at most; more than the converter looks at would be dropped in silence
    union: number of the op's options in TFLite's BuiltinOptions; 0 if none are read
    """

    convert: Callable[[Operation], Node]
    most: int
    union: int = 0


CONVERTERS: dict[str, _Entry] = {
    "ADD": _Entry(_add, 2, schema.AddOptions.UNION),
    "AVERAGE_POOL_2D": _Entry(_average_pool_2d, 1, schema.Pool2DOptions.UNION),
    "CONV_2D": _Entry(_conv_2d, 3, schema.Conv2DOptions.UNION),
    "DEPTHWISE_CONV_2D": _Entry(_depthwise_conv_2d, 3, schema.DepthwiseConv2DOptions.UNION),
    "DEQUANTIZE": _Entry(_dequantize, 1),
    "FULLY_CONNECTED": _Entry(_fully_connected, 3, schema.FullyConnectedOptions.UNION),
    "MAX_POOL_2D": _Entry(_max_pool_2d, 1, schema.Pool2DOptions.UNION),
    "PAD": _Entry(_pad, 2),
    "PADV2": _Entry(_pad, 3),
    "QUANTIZE": _Entry(_quantize, 1),
    "RELU": _Entry(_relu, 1),
    "RELU6": _Entry(_relu6, 1),
    "RESHAPE": _Entry(_reshape, 2, schema.ReshapeOptions.UNION),
    "SOFTMAX": _Entry(_softmax, 1, schema.SoftmaxOptions.UNION),
}


def _convert(file: _File, name: str) -> tuple[Graph | None, tuple[Blocker, ...]]:
    """The graph, or None and what stands in its way."""
    found: list[Blocker] = []
    if len(file.subgraphs) > 1:
        problem = f"has {len(file.subgraphs)} subgraphs, but must have one"
        found.append(Blocker("model", name, problem, "convert the model without control flow"))
    main = file.subgraphs[0]
    nodes = []
    for table in main.tables(schema.SubGraph.OPERATORS):
        kind, node_name = _kind_and_name(file, table)
        try:
            nodes.append(_node(file, table, kind, node_name))
        except UnsupportedError as error:
            found.append(Blocker(kind, node_name, error.problem, error.remedy))
    inputs = _interface(file, main, schema.SubGraph.INPUTS, found, name)
    outputs = _interface(file, main, schema.SubGraph.OUTPUTS, found, name)
    found += _checked(file, inputs, nodes)
    if found:
        return None, tuple(dict.fromkeys(found))
    graph = _draft(file, name, inputs, outputs, nodes)
    check_graph(graph)
    return graph, ()


def _kind_and_name(file: _File, table: Table) -> tuple[str, str]:
    code = table.integer(schema.Operator.OPCODE_INDEX, "u4")
    if code >= len(file.kinds):
        raise DataError(f"corrupt: operator code {code}, the model has {len(file.kinds)}")
    made = table.vector(schema.Operator.OUTPUTS, "i4")
    if not len(made) or not 0 <= made[0] < len(file.names):
        raise DataError(f"corrupt: an operator {file.kinds[code]} has no output")
    return file.kinds[code], file.names[made[0]]


def _node(file: _File, table: Table, kind: str, name: str) -> Node:
    entry = CONVERTERS.get(kind)
    if entry is None:
        raise UnsupportedError(f"there is no reader for the op {kind}", _NOT_YET)
    ins = table.vector(schema.Operator.INPUTS, "i4").tolist()
    outs = table.vector(schema.Operator.OUTPUTS, "i4").tolist()
    if len(ins) > entry.most or len(outs) != 1:
        raise DataError(
            f'{kind} "{name}" has {len(ins)} inputs and {len(outs)} outputs; '
            f"must have at most {entry.most} and 1"
        )
    inputs = tuple(_value(file, i) if i != -1 else None for i in ins)
    outputs = tuple(_value(file, i) for i in outs)
    union = table.integer(schema.Operator.BUILTIN_OPTIONS_TYPE, "u1")
    stated = table.table(schema.Operator.BUILTIN_OPTIONS) if union == entry.union else None
    options = stated or _flatbuffer.empty(table.source)
    return entry.convert(Operation(kind, name, inputs, outputs, options))


def _interface(
    file: _File, main: Table, number: int, found: list[Blocker], name: str
) -> tuple[str, ...]:
    """Names of the graph's inputs or outputs; tensors that the IR does not have are blockers."""
    names = []
    for index in main.vector(number, "i4").tolist():
        try:
            names.append(_value(file, index).name)
        except UnsupportedError as error:
            found.append(Blocker("model", name, error.problem, error.remedy))
    return tuple(names)


def _draft(
    file: _File, name: str, inputs: tuple[str, ...], outputs: tuple[str, ...], nodes: list[Node]
) -> Graph:
    used = {*inputs, *outputs}
    used.update(value for node in nodes for value in (*node.inputs, *node.outputs))
    values = {value.name: value for value in file.values.values() if value.name in used}
    quantized = any(value.dtype in _INTEGER_KINDS for value in values.values())
    level = "quantized" if quantized else "float"
    return Graph(name, inputs, outputs, tuple(nodes), values, level=cast("Any", level))


def _checked(file: _File, inputs: Sequence[str], nodes: list[Node]) -> list[Blocker]:
    """Constraints that the convertible nodes break. Raises ShapeError where the file lies."""
    graph = _draft(file, "", (), (), nodes)
    constant = [name for name in inputs if name in graph.values and graph.values[name].is_constant]
    if constant or len(set(inputs)) != len(inputs):
        raise DataError(f"inputs {list(inputs)} must be different tensors and no constants")
    for node in nodes:
        io = graph.io(node)
        inferred = infer_outputs(node.op, node.attrs, io.inputs, node.name)
        stated = [value.shape for value in io.outputs]
        if inferred != stated:
            raise DataError(f'{node.op} "{node.name}" gives shapes {inferred}, file has {stated}')
    return [
        Blocker(node.op, node.name, f"{what}, but {rule}", "")
        for node, rule, what in broken_constraints(graph)
    ]


__all__ = ["CONVERTERS", "SUFFIXES", "Blocker", "Operation", "blockers", "read"]
