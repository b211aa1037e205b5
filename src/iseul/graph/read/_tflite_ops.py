# SPDX-License-Identifier: Apache-2.0
"""TFLite's operators as nodes: one function per op, all in `CONVERTERS`.

SAME and VALID become explicit pads; constant inputs of RESHAPE and PAD become attributes. A
converter raises UnsupportedError for what Iseul can not do and DataError for what TFLite
does not allow; the reader goes on with the next operator in the first case.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core import config, registry
from iseul.core.errors import DataError, UnsupportedError, UsageError
from iseul.graph.build import OPS
from iseul.graph.ir import Node, Value, fresh_name
from iseul.graph.ops._spatial import same_pads
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite_file import FIXED_SHAPES, MAX_RANK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iseul.graph.ir import Shape
    from iseul.graph.ops._spatial import Pads, Pair
    from iseul.graph.read._flatbuffer import Table
    from iseul.graph.read._tflite_file import File
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation

_PLAIN = "convert the model without optimizing for one processor"


@dataclass(frozen=True)
class Operation:
    """One operator of the file, as its converter sees it.

    name:    of the node that makes the outputs
    inputs:  None where the file leaves an optional input out
    options: the op's table of options; an absent one reads as all defaults
    """

    file: File
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
                FIXED_SHAPES,
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
        return _made(op, self.name, present, self.outputs, attrs)

    def before(self, op: str, x: Value, y_shape: Shape, **attrs: Any) -> tuple[Node, Value]:
        """A node of one input before the op's own, and its output: x with another shape."""
        name = fresh_name(self.file.taken, f"{self.name}_{op}")
        self.file.taken.add(name)
        y = replace(x, name=name, shape=y_shape, data=None)
        self.file.between.append(y)
        return _made(op, name, [x], [y], attrs), y


def _made(
    op: str, name: str, inputs: Sequence[Value], outputs: Sequence[Value], attrs: Mapping[str, Any]
) -> Node:
    kind = registry.load(OPS, op).Attrs
    ins, outs = (tuple(value.name for value in side) for side in (inputs, outputs))
    try:
        made = config.build(kind, attrs, f'{op} "{name}"')
    except UsageError as error:  # a number outside the attribute's range
        raise DataError(error.problem) from None
    return Node(name, op, ins, outs, made)


def _window_pads(op: Operation, number: int, x: Shape, reach: tuple[Pair, Pair, Pair]) -> Pads:
    """SAME or VALID as explicit pads; reach: kernel, stride, dilation."""
    if len(x) != 4:
        raise DataError(f'{op.kind} "{op.name}": input has shape {list(x)}, must have 4 axes')
    if op.options.integer(number, "i1") != schema.PADDING_SAME:
        return (0, 0, 0, 0)
    return same_pads((x[1], x[2]), *reach)


def _conv_2d(op: Operation) -> list[Node]:
    fields = schema.Conv2DOptions
    x, weights = op.input(0), op.input(1)
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    dilation = _dilation(op, fields.DILATION_H, fields.DILATION_W)
    kernel = _kernel_size(op, weights)
    pads = _window_pads(op, fields.PADDING, x.shape, (kernel, stride, dilation))
    activation = op.activation(fields.ACTIVATION)
    window = {"stride": stride, "dilation": dilation, "pads": pads}
    return [op.node("conv2d", op.inputs, activation=activation, **window)]


def _depthwise_conv_2d(op: Operation) -> list[Node]:
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
    activation = op.activation(fields.ACTIVATION)
    window = {"stride": stride, "dilation": dilation, "pads": pads}
    return [op.node("depthwise_conv2d", op.inputs, activation=activation, **window)]


def _dilation(op: Operation, height: int, width: int) -> Pair:
    pair = (op.options.integer(height, "i4", 1), op.options.integer(width, "i4", 1))
    return op.at_least_one(pair, "dilation")


def _kernel_size(op: Operation, weights: Value) -> Pair:
    if len(weights.shape) != 4:
        raise DataError(f'{op.kind} "{op.name}": weights have shape {list(weights.shape)}')
    return (weights.shape[1], weights.shape[2])


def _fully_connected(op: Operation) -> list[Node]:
    fields = schema.FullyConnectedOptions
    if op.options.integer(fields.WEIGHTS_FORMAT, "i1"):
        raise UnsupportedError("weights are shuffled, but must be in plain order", _PLAIN)
    x, weights, y = op.input(0), op.input(1).shape, op.outputs[0].shape
    if len(weights) != 2:
        raise DataError(f'{op.kind} "{op.name}": weights have shape {list(weights)}, must be O, I')
    activation = op.activation(fields.ACTIVATION)
    # TFLite Micro takes the output's shape from the file, whatever the option keep_num_dims says
    keep = len(x.shape) != 2 and y == (*x.shape[:-1], weights[0])
    before = []
    rows = (x.n_elements // weights[1], weights[1])
    if not keep and x.shape[:1] != rows[:1]:  # rows are cut without regard to the batch axis
        reshape, x = op.before("reshape", x, rows, shape=rows)
        before.append(reshape)
    inputs = [x, *op.inputs[1:]]
    last = op.node("fully_connected", inputs, keep_dims=keep, activation=activation)
    return [*before, last]


def _add(op: Operation) -> list[Node]:
    activation = op.activation(schema.AddOptions.ACTIVATION)
    return [op.node("add", [op.input(0), op.input(1)], activation=activation)]


def _pool(op: Operation, kind: str) -> list[Node]:
    fields = schema.Pool2DOptions
    x = op.input(0)
    kernel = op.sizes(fields.FILTER_HEIGHT, fields.FILTER_WIDTH, "filter")
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    pads = _window_pads(op, fields.PADDING, x.shape, (kernel, stride, (1, 1)))
    activation = op.activation(fields.ACTIVATION)
    window = {"kernel_size": kernel, "stride": stride, "pads": pads}
    return [op.node(kind, [x], activation=activation, **window)]


def _average_pool_2d(op: Operation) -> list[Node]:
    return _pool(op, "average_pool2d")


def _max_pool_2d(op: Operation) -> list[Node]:
    return _pool(op, "max_pool2d")


def _pad(op: Operation) -> list[Node]:
    x, table = op.input(0), op.constant(1)
    if table.shape != (len(x.shape), 2) or table.dtype.kind != "i" or int(table.min()) < 0:
        raise DataError(f'{op.kind} "{op.name}": paddings {table.tolist()} do not fit {x.shape}')
    pads = tuple((int(before), int(after)) for before, after in table)
    return [op.node("pad", [x], pads=pads, value=_pad_value(op))]


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


def _reshape(op: Operation) -> list[Node]:
    x = op.input(0)
    if len(op.inputs) > 1:
        wanted = op.constant(1)
    elif op.options.has(schema.ReshapeOptions.NEW_SHAPE):
        wanted = op.options.vector(schema.ReshapeOptions.NEW_SHAPE, "i4")
    else:
        wanted = np.array(op.outputs[0].shape, np.int64)
    if wanted.dtype.kind != "i" or wanted.size > MAX_RANK:
        raise DataError(f'{op.kind} "{op.name}": {wanted.size} numbers are not a shape')
    shape = [int(size) for size in wanted.ravel()]
    if shape.count(-1) == 1:  # the size that the others leave over
        known = int(np.prod([size for size in shape if size != -1], dtype=np.int64))
        shape[shape.index(-1)] = x.n_elements // max(known, 1)
    if any(size < 1 for size in shape):
        raise DataError(f'{op.kind} "{op.name}": {wanted.tolist()} is not a shape')
    return [op.node("reshape", [x], shape=tuple(shape))]


def _softmax(op: Operation) -> list[Node]:
    beta = op.options.real(schema.SoftmaxOptions.BETA)
    if not (np.isfinite(beta) and beta > 0):
        raise DataError(f'{op.kind} "{op.name}" has beta {beta}, must be > 0')
    return [op.node("softmax", [op.input(0)], beta=beta)]


def _quantize(op: Operation) -> list[Node]:
    return [op.node("quantize", [op.input(0)])]


def _dequantize(op: Operation) -> list[Node]:
    return [op.node("dequantize", [op.input(0)])]


def _relu(op: Operation) -> list[Node]:
    return [op.node("relu", [op.input(0)])]


def _relu6(op: Operation) -> list[Node]:
    return [op.node("relu6", [op.input(0)])]


@dataclass(frozen=True)
class Entry:
    """How to convert an op.

    most:  inputs at most; more than the converter looks at would be dropped in silence
    union: number of the op's options in TFLite's BuiltinOptions; 0 if none are read
    """

    convert: Callable[[Operation], list[Node]]
    most: int
    union: int = 0


CONVERTERS: dict[str, Entry] = {
    "ADD": Entry(_add, 2, schema.AddOptions.UNION),
    "AVERAGE_POOL_2D": Entry(_average_pool_2d, 1, schema.Pool2DOptions.UNION),
    "CONV_2D": Entry(_conv_2d, 3, schema.Conv2DOptions.UNION),
    "DEPTHWISE_CONV_2D": Entry(_depthwise_conv_2d, 3, schema.DepthwiseConv2DOptions.UNION),
    "DEQUANTIZE": Entry(_dequantize, 1),
    "FULLY_CONNECTED": Entry(_fully_connected, 3, schema.FullyConnectedOptions.UNION),
    "MAX_POOL_2D": Entry(_max_pool_2d, 1, schema.Pool2DOptions.UNION),
    "PAD": Entry(_pad, 2),
    "PADV2": Entry(_pad, 3),
    "QUANTIZE": Entry(_quantize, 1),
    "RELU": Entry(_relu, 1),
    "RELU6": Entry(_relu6, 1),
    "RESHAPE": Entry(_reshape, 2, schema.ReshapeOptions.UNION),
    "SOFTMAX": Entry(_softmax, 1, schema.SoftmaxOptions.UNION),
}
