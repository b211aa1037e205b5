# SPDX-License-Identifier: Apache-2.0
"""Matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite.convolution import is_dynamic, with_stored_weights, with_wide_sums

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


_PLAIN = "convert the model without optimizing for one processor"


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
    inputs = with_stored_weights(op, with_wide_sums(op, [x, *op.inputs[1:]], weights[0]))
    attrs: dict[str, Any] = {"keep_dims": keep, "activation": activation}
    if is_dynamic(op, inputs):
        by_zero_point = op.options.flag(fields.ASYMMETRIC_QUANTIZE_INPUTS)
        attrs["input_quantization"] = "asymmetric" if by_zero_point else "symmetric"
    last = op.node("fully_connected", inputs, **attrs)
    return [*before, last]


CONVERTERS: dict[str, Entry] = {
    "FULLY_CONNECTED": Entry(_fully_connected, 3, schema.FullyConnectedOptions.UNION),
}
