# SPDX-License-Identifier: Apache-2.0
"""Normalizations: of a batch with fixed statistics, of groups, layers, lengths; softmax."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx._file import MICROSOFT

if TYPE_CHECKING:
    from iseul.graph.read._onnx._layout import Tensor
    from iseul.graph.read._onnx._translate import Call, Converter, Translator


def _input(t: Translator, c: Call) -> Tensor:
    return t.whole(t.floats(t.tensor(c.operand(0))))


def _channels_last(t: Translator, c: Call) -> Tensor:
    """Input 0 with its channels (axis 1) on the last stored axis, else as it is."""
    x = _input(t, c)
    if x.rank < 2:
        raise DataError(f"corrupt: {c.node.where} has an input of rank {x.rank}")
    return t.ordered(x, layout.with_last(x.layout, 1))


def _parameters(t: Translator, c: Call, first: int, names: tuple[str, ...], n: int) -> list[str]:
    """Constants of one value per channel."""
    found = []
    for i, what in enumerate(names, first):
        parameter = c.constant(i, what)
        if parameter.shape != (n,):
            raise DataError(f"corrupt: {c.node.where} has {what} {parameter.shape}, must be ({n},)")
        found.append(t.constant(parameter.data.astype(np.float32), parameter.name))
    return found


def batch_normalization(t: Translator, c: Call) -> Tensor:
    if c.attributes.integer("training_mode", 0) or not c.attributes.integer("spatial", 1):
        raise UnsupportedError("is in training mode", "export the model in evaluation mode")
    x = _channels_last(t, c)
    names = ("the scale", "the bias", "the mean", "the variance")
    inputs = [x.value, *_parameters(t, c, 1, names, x.shape[1])]
    epsilon = c.attributes.real("epsilon", 1e-5)
    return replace(x, value=t.node("batch_norm", inputs, c.name, epsilon=epsilon))


def instance_normalization(t: Translator, c: Call) -> Tensor:
    x = _samples_first(t, c)
    return _groups(t, c, x, x.shape[1], _parameters(t, c, 1, ("the scale", "the bias"), x.shape[1]))


def group_normalization(t: Translator, c: Call) -> Tensor:
    """Scale and bias per channel (opset 21) or per group (opset 18)."""
    x = _samples_first(t, c)
    n, groups = x.shape[1], c.attributes.integer("num_groups", 0)
    if groups < 1 or n % groups:
        raise DataError(f"corrupt: {c.node.where} makes {groups} groups of {n} channels")
    values = []
    for i, what in ((1, "the scale"), (2, "the bias")):
        data = c.constant(i, what).data.astype(np.float32).reshape(-1)
        if data.size == groups and groups != n:
            data = np.repeat(data, n // groups)
        if data.size != n:
            raise DataError(f"corrupt: {c.node.where} has {what} of {data.size} values")
        values.append(t.constant(data, f"{c.name}.{what[4:]}"))
    return _groups(t, c, x, groups, values)


def _samples_first(t: Translator, c: Call) -> Tensor:
    """(N, ..., C): samples apart, as the op takes them."""
    x = _input(t, c)
    if x.rank < 3:
        raise DataError(f"corrupt: {c.node.where} has an input of rank {x.rank}")
    return t.ordered(x, layout.channels_last(x.rank))


def _groups(t: Translator, c: Call, x: Tensor, groups: int, parameters: list[str]) -> Tensor:
    epsilon = c.attributes.real("epsilon", 1e-5)
    inputs = [x.value, *parameters]
    return replace(x, value=t.node("group_norm", inputs, c.name, groups=groups, epsilon=epsilon))


def layer_normalization(t: Translator, c: Call) -> Tensor:
    return _rows(t, c, "layer_norm")


def rms_normalization(t: Translator, c: Call) -> Tensor:
    return _rows(t, c, "rms_norm")


def _rows(t: Translator, c: Call, op: str) -> Tensor:
    """Rows of all axes from `axis` on; scale and bias broadcast to a row."""
    x = _input(t, c)
    axis = c.axis(c.attributes.integer("axis", -1), x.rank)
    # the axes of a row stand last, in their order
    order = (*(a for a in x.layout if a < axis), *range(axis, x.rank))
    x = t.ordered(x, order)
    row = x.shape[axis:]
    inputs = [x.value]
    for i, what in ((1, "the scale"), (2, "the bias")):
        if c.has(i) and (i == 1 or op == "layer_norm"):
            data = c.constant(i, what).data.astype(np.float32)
            if data.ndim > len(row) and prod(data.shape[: -len(row)]) == 1:
                data = data.reshape(data.shape[-len(row) :])
            inputs.append(t.constant(np.broadcast_to(data, row), f"{c.name}.{what[4:]}"))
    epsilon = c.attributes.real("epsilon", 1e-5)
    return replace(x, value=t.node(op, inputs, c.name, axis=axis, epsilon=epsilon))


def local_response(t: Translator, c: Call) -> Tensor:
    """LRN. ONNX divides alpha by the size."""
    x = t.ordered(_input(t, c), layout.channels_last(_input(t, c).rank))
    size = c.attributes.integer("size", 1)
    value = t.node(
        "local_response_norm",
        [x.value],
        c.name,
        size=size,
        alpha=c.attributes.real("alpha", 1e-4) / max(size, 1),
        beta=c.attributes.real("beta", 0.75),
        bias=c.attributes.real("bias", 1.0),
    )
    return replace(x, value=value)


def length(t: Translator, c: Call) -> Tensor:
    """LpNormalization with p = 2."""
    x = _input(t, c)
    if c.attributes.integer("p", 2) != 2:
        raise UnsupportedError("divides by sums of absolute values (p = 1)", "p = 2")
    axis = c.axis(c.attributes.integer("axis", -1), x.rank)
    x = t.ordered(x, layout.with_last(x.layout, axis))
    return replace(x, value=t.node("l2_normalization", [x.value], c.name, epsilon=1e-12))


def softmax(op: str) -> Converter:
    """Softmax or LogSoftmax: before opset 13 over all axes from `axis` on, as one."""

    def convert(t: Translator, c: Call) -> Tensor:
        return _softmax(t, c, op, _input(t, c))

    return convert


def softmax_of_integers(t: Translator, c: Call) -> Tensor | None:
    """ONNX Runtime's QLinearSoftmax."""
    x = t.whole(t.tensor(c.operand(0)))
    if c.wanted is None or q.quant_of(t, x) is None:
        return None
    return _softmax(t, c, "softmax", x, quant=c.wanted, requantization="float")


def _softmax(t: Translator, c: Call, op: str, x: Tensor, **attrs: Any) -> Tensor:
    axis = c.axis(c.attributes.integer("axis", -1 if c.opset >= 13 else 1), x.rank)
    if c.opset < 13 and axis != x.rank - 1:
        rows, n = prod(x.shape[:axis]), prod(x.shape[axis:])
        if n not in x.shape[axis:]:
            flat = t.ordered(t.reshaped(x, (rows, n)), (0, 1))
            y = replace(flat, value=t.node(op, [flat.value], c.name, **attrs))
            return t.reshaped(y, x.shape)
        axis = x.shape.index(n, axis)  # all others have one element
    x = t.ordered(x, layout.with_last(x.layout, axis))
    return replace(x, value=t.node(op, [x.value], c.name, **attrs))


CONVERTERS: dict[str, Any] = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LRN": local_response,
    "LayerNormalization": layer_normalization,
    "LogSoftmax": softmax("log_softmax"),
    "LpNormalization": length,
    "RMSNormalization": rms_normalization,
    "SimplifiedLayerNormalization": rms_normalization,
    "Softmax": softmax("softmax"),
    f"{MICROSOFT}.SimplifiedLayerNormalization": rms_normalization,
}
INTEGERS: dict[str, Any] = {"Softmax": softmax_of_integers}
