# SPDX-License-Identifier: Apache-2.0
"""Pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite._window import window_pads

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _pool(op: Operation, kind: str) -> list[Node]:
    fields = schema.Pool2DOptions
    x = op.input(0)
    kernel = op.sizes(fields.FILTER_HEIGHT, fields.FILTER_WIDTH, "filter")
    stride = op.sizes(fields.STRIDE_H, fields.STRIDE_W, "stride")
    pads = window_pads(op, fields.PADDING, x.shape, (kernel, stride, (1, 1)))
    activation = op.activation(fields.ACTIVATION)
    window: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "pads": pads}
    return [op.node(kind, [x], activation=activation, **window)]


def _l2_pool_2d(op: Operation) -> list[Node]:
    return _pool(op, "l2_pool2d")


def _average_pool_2d(op: Operation) -> list[Node]:
    return _pool(op, "average_pool2d")


def _max_pool_2d(op: Operation) -> list[Node]:
    return _pool(op, "max_pool2d")


CONVERTERS: dict[str, Entry] = {
    "AVERAGE_POOL_2D": Entry(_average_pool_2d, 1, schema.Pool2DOptions.UNION),
    "L2_POOL_2D": Entry(_l2_pool_2d, 1, schema.Pool2DOptions.UNION),
    "MAX_POOL_2D": Entry(_max_pool_2d, 1, schema.Pool2DOptions.UNION),
}
