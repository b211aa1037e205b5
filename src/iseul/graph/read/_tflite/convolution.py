# SPDX-License-Identifier: Apache-2.0
"""Convolutions.

Of int16 activations, the dtype of the bias says how wide the sums are (graph/ops/_quantized.py).
TFLite Micro's sums have 64 bits also without a bias; then one of zeros is added to say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite._window import window_pads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Node, Value
    from iseul.graph.ops._spatial import Pair
    from iseul.graph.read._tflite._operation import Operation


def _conv_2d(op: Operation) -> list[Node]:
    fields = schema.Conv2DOptions
    x, weights = op.input(0), op.input(1)
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    dilation = _dilation(op, fields.DILATION_H, fields.DILATION_W)
    kernel = _kernel_size(op, weights)
    pads = window_pads(op, fields.PADDING, x.shape, (kernel, stride, dilation))
    activation = op.activation(fields.ACTIVATION)
    window: dict[str, Any] = {"stride": stride, "dilation": dilation, "pads": pads}
    inputs = with_stored_weights(op, with_wide_sums(op, op.inputs, weights.shape[0]))
    if is_dynamic(op, inputs):
        scales = weights.quant.scale if weights.quant is not None else ()
        plain = len(set(scales)) == 1 and weights.shape[3] == x.shape[3]
        window["input_quantization"] = "symmetric" if plain else "asymmetric"
    return [op.node("conv2d", inputs, activation=activation, **window)]


def _depthwise_conv_2d(op: Operation) -> list[Node]:
    fields = schema.DepthwiseConv2DOptions
    x, weights = op.input(0), op.input(1)
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    dilation = _dilation(op, fields.DILATION_H, fields.DILATION_W)
    kernel = _kernel_size(op, weights)
    pads = window_pads(op, fields.PADDING, x.shape, (kernel, stride, dilation))
    stated = op.options.integer(fields.DEPTH_MULTIPLIER, "i4")
    if stated and stated * x.shape[3] != weights.shape[3]:  # 0: left to the shapes
        raise DataError(
            f'{op.kind} "{op.name}" has depth multiplier {stated}, but {x.shape[3]} channels in '
            f"and {weights.shape[3]} out"
        )
    activation = op.activation(fields.ACTIVATION)
    window: dict[str, Any] = {"stride": stride, "dilation": dilation, "pads": pads}
    inputs = with_stored_weights(op, with_wide_sums(op, op.inputs, weights.shape[3]))
    if is_dynamic(op, inputs):
        window["input_quantization"] = "asymmetric"
    return [op.node("depthwise_conv2d", inputs, activation=activation, **window)]


def _transpose_conv(op: Operation) -> list[Node]:
    """Inputs: the output's shape, weights, x, bias. TFLite Micro takes the shape from the file."""
    fields = schema.TransposeConvOptions
    stated, weights, x, y = op.input(0), op.input(1), op.input(2), op.outputs[0].shape
    if stated.data is not None and tuple(stated.data.ravel().tolist()) != y:
        raise DataError(f'{op.kind} "{op.name}": output has shape {list(y)}, not that of input 0')
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    kernel = _kernel_size(op, weights)
    pads = window_pads(op, fields.PADDING, y, (kernel, stride, (1, 1)))
    inputs = with_wide_sums(op, [x, weights, *op.inputs[3:]], weights.shape[0])
    activation = op.activation(fields.ACTIVATION)
    place: dict[str, Any] = {"size": y[1:3], "stride": stride, "cut": (pads[0], pads[2])}
    return [op.node("transpose_conv", inputs, activation=activation, **place)]


def with_stored_weights(op: Operation, inputs: Sequence[Value | None]) -> list[Value | None]:
    """Inputs x, weights, bias with float weights as the integers that they are stored as."""
    x, weights, *rest = inputs
    if x is None or weights is None or not x.is_float:
        return list(inputs)
    return [x, op.file.stored.get(weights.name, weights), *rest]


def is_dynamic(op: Operation, inputs: Sequence[Value | None]) -> bool:
    """Whether TFLite quantizes float inputs at run time: the weights are integers in the file."""
    x, weights = inputs[0], inputs[1]
    if x is None or weights is None or not x.is_float or weights.is_float:
        return False
    return not any(weights is value for value in op.file.stored.values())


def with_wide_sums(
    op: Operation, inputs: Sequence[Value | None], n_channels: int
) -> list[Value | None]:
    """Inputs x, weights and bias, which int16 activations have in any case."""
    x, weights, *rest = inputs
    if x is None or weights is None or x.dtype != "int16":
        return list(inputs)
    bias = next(iter(rest), None)
    if bias is None:
        bias = op.added("bias", np.zeros(n_channels, np.int64))
    elif bias.dtype == "int16" and bias.data is not None:  # of older converters
        bias = op.added("bias", bias.data.astype(np.int64), bias.quant)
    return [x, weights, bias]


def _dilation(op: Operation, height: int, width: int) -> Pair:
    pair = (op.options.integer(height, "i4", 1), op.options.integer(width, "i4", 1))
    return op.at_least_one(pair, "dilation")


def _kernel_size(op: Operation, weights: Value) -> Pair:
    if len(weights.shape) != 4:
        raise DataError(f'{op.kind} "{op.name}": weights have shape {list(weights.shape)}')
    return (weights.shape[1], weights.shape[2])


CONVERTERS: dict[str, Entry] = {
    "CONV_2D": Entry(_conv_2d, 3, schema.Conv2DOptions.UNION),
    "DEPTHWISE_CONV_2D": Entry(_depthwise_conv_2d, 3, schema.DepthwiseConv2DOptions.UNION),
    "TRANSPOSE_CONV": Entry(_transpose_conv, 4, schema.TransposeConvOptions.UNION),
}
