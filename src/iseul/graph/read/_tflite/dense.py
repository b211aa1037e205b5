# SPDX-License-Identifier: Apache-2.0
"""Matrix products."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite.convolution import is_dynamic, with_stored_weights, with_wide_sums

if TYPE_CHECKING:
    from iseul.graph.ir import Node, Shape, Value
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
    if op.input(1).data is None:
        return [*before, *_product(op, x, rows)]
    inputs = with_stored_weights(op, with_wide_sums(op, [x, *op.inputs[1:]], weights[0]))
    attrs: dict[str, Any] = {"keep_dims": keep, "activation": activation}
    if is_dynamic(op, inputs):
        by_zero_point = op.options.flag(fields.ASYMMETRIC_QUANTIZE_INPUTS)
        attrs["input_quantization"] = "asymmetric" if by_zero_point else "symmetric"
    last = op.node("fully_connected", inputs, **attrs)
    return [*before, last]


def _product(op: Operation, x: Value, rows: Shape) -> list[Node]:
    """A fully connected op whose weights are computed: x (rows) @ weights.T, then the bias."""
    weights, out = op.input(1), op.outputs[0]
    bias = op.inputs[2] if len(op.inputs) > 2 else None
    if bias is not None and not out.is_float:
        raise UnsupportedError(
            f'weights "{weights.name}" are computed at run time, and integers have a bias; '
            "one of both must not be",
            "make the weights a constant, or add the bias by an op of its own",
        )
    nodes = []
    if x.shape != rows:
        reshape, x = op.before("reshape", x, rows, shape=rows)
        nodes.append(reshape)
    activation = op.activation(schema.FullyConnectedOptions.ACTIVATION)
    shape = (rows[0], weights.shape[0])
    clamp = "none" if bias is not None else activation
    attrs: dict[str, Any] = {"adj_y": True, "activation": clamp}
    if bias is None and out.shape == shape:
        return [*nodes, op.node("batch_matmul", [x, weights], **attrs)]
    like = replace(out, shape=shape)
    product, y = op.on_the_way("batch_matmul", [x, weights], like, **attrs)
    nodes.append(product)
    if bias is None:
        return [*nodes, op.node("reshape", [y], shape=out.shape)]
    if out.shape == shape:
        return [*nodes, op.node("add", [y, bias], activation=activation)]
    total, y = op.on_the_way("add", [y, bias], y, activation=activation)
    return [*nodes, total, op.node("reshape", [y], shape=out.shape)]


def _batch_matmul(op: Operation) -> list[Node]:
    fields = schema.BatchMatMulOptions
    adjoint: dict[str, Any] = {
        "adj_x": op.options.flag(fields.ADJ_X),
        "adj_y": op.options.flag(fields.ADJ_Y),
    }
    return [op.node("batch_matmul", [op.input(0), op.input(1)], **adjoint)]


CONVERTERS: dict[str, Entry] = {
    "BATCH_MATMUL": Entry(_batch_matmul, 2, schema.BatchMatMulOptions.UNION),
    "FULLY_CONNECTED": Entry(_fully_connected, 3, schema.FullyConnectedOptions.UNION),
}
