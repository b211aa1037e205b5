# SPDX-License-Identifier: Apache-2.0
"""BatchNormalization with fixed statistics, softmax."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _layout as layout

if TYPE_CHECKING:
    from iseul.graph.read._onnx._layout import Tensor
    from iseul.graph.read._onnx._translate import Call, Converter, Translator


def batch_normalization(t: Translator, c: Call) -> Tensor:
    x = t.floats(t.tensor(c.operand(0)))
    if c.attributes.integer("training_mode", 0) or not c.attributes.integer("spatial", 1):
        raise UnsupportedError("is in training mode", "export the model in evaluation mode")
    if x.rank < 2:
        raise DataError(f"corrupt: {c.node.where} has an input of rank {x.rank}")
    x = t.ordered(x, layout.with_last(t.whole(x).layout, 1))
    inputs = [x.value]
    for i, what in enumerate(("the scale", "the bias", "the mean", "the variance"), 1):
        parameter = c.constant(i, what)
        if parameter.shape != (x.shape[1],):
            raise DataError(f"corrupt: {c.node.where} has {what} {parameter.shape} for {x.shape}")
        inputs.append(t.constant(parameter.data.astype(np.float32), parameter.name))
    epsilon = c.attributes.real("epsilon", 1e-5)
    return replace(x, value=t.node("batch_norm", inputs, c.name, epsilon=epsilon))


def softmax(op: str) -> Converter:
    """Softmax or LogSoftmax: before opset 13 over all axes from `axis` on, as one."""

    def convert(t: Translator, c: Call) -> Tensor:
        x = t.floats(t.tensor(c.operand(0)))
        axis = c.axis(c.attributes.integer("axis", -1 if c.opset >= 13 else 1), x.rank)
        if c.opset < 13 and axis != x.rank - 1:
            rows, n = prod(x.shape[:axis]), prod(x.shape[axis:])
            if n not in x.shape[axis:]:
                flat = t.whole(t.reshaped(x, (rows, n)))
                y = replace(flat, value=t.node(op, [t.plain(flat)], c.name))
                return t.reshaped(replace(y, layout=(0, 1)), x.shape)
            axis = x.shape.index(n, axis)  # all others have one element
        x = t.ordered(x, layout.with_last(t.whole(x).layout, axis))
        return replace(x, value=t.node(op, [x.value], c.name))

    return convert


CONVERTERS = {
    "BatchNormalization": batch_normalization,
    "LogSoftmax": softmax("log_softmax"),
    "Softmax": softmax("softmax"),
}
