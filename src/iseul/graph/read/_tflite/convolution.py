# SPDX-License-Identifier: Apache-2.0
"""Convolutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.core.errors import DataError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite._window import window_pads

if TYPE_CHECKING:
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
    window = {"stride": stride, "dilation": dilation, "pads": pads}
    return [op.node("conv2d", op.inputs, activation=activation, **window)]


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
    window = {"stride": stride, "dilation": dilation, "pads": pads}
    return [op.node("depthwise_conv2d", op.inputs, activation=activation, **window)]


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
}
