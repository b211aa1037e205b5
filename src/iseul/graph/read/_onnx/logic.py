# SPDX-License-Identifier: Apache-2.0
"""Comparisons, logic, Where, and Cast between kinds of numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core.errors import UnsupportedError
from iseul.graph.read._onnx._file import dtype_of
from iseul.graph.read._onnx._layout import Const, Tensor
from iseul.graph.read._onnx.elementwise import combined

if TYPE_CHECKING:
    from iseul.graph.ir import DType
    from iseul.graph.read._onnx._translate import Call, Converter, Operand, Translator

_KINDS = ("float32", "int8", "uint8", "int16", "int32", "int64", "bool")
_REALS = ("float16", "float64", "bfloat16")


def compare(op: str) -> Converter:
    """A comparison of two operands: bool."""

    def convert(t: Translator, c: Call) -> Tensor:
        return combined(t, op, c.operand(0), c.operand(1), c.name, dtype="bool")

    return convert


def logical(op: str) -> Converter:
    def convert(t: Translator, c: Call) -> Tensor:
        return combined(t, op, c.operand(0), c.operand(1), c.name)

    return convert


def negate(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    return t.same(x, t.node("logical_not", [x.value], c.name))


def where(t: Translator, c: Call) -> Tensor:
    operands = [c.operand(i) for i in range(3)]
    shape = np.broadcast_shapes(*(x.shape for x in operands))
    order, wide = t.aligned(operands, len(shape))
    values = [x.value if isinstance(x, Tensor) else t.tensor(x).value for x in wide]
    dtype = t.value(values[1]).dtype
    value = t.node("select", values, c.name, dtype=dtype)
    return Tensor(value, tuple(shape), order)


def cast_(t: Translator, c: Call) -> Operand:
    x = t.tensor(c.operand(0))
    wanted = dtype_of(c.attributes.integer("to", 0))
    have = t.value(x.value).dtype
    if wanted == have:
        return x
    if wanted not in _KINDS:
        kind = "reals" if wanted in _REALS else "numbers"
        raise UnsupportedError(f"casts to {wanted} {kind}", f"one of {', '.join(_KINDS)}")
    value = t.node("cast", [x.value], c.name, dtype=cast("DType", wanted))
    return replace(t.same(x, value), role="plain")


def cast_like(t: Translator, c: Call) -> Operand:
    other = c.operand(1)
    dtype = other.dtype if isinstance(other, Const) else t.value(other.value).dtype
    x = t.tensor(c.operand(0))
    if dtype == t.value(x.value).dtype:
        return x
    value = t.node("cast", [x.value], c.name, dtype=cast("DType", dtype))
    return replace(t.same(x, value), role="plain")


def trilu(t: Translator, c: Call) -> Tensor:
    """The upper or lower triangle: a select by a known mask."""
    x = t.tensor(c.operand(0))
    k = int(c.number(1, "the diagonal", 0))
    mask = np.tri(x.shape[-2], x.shape[-1], k - 1 if c.attributes.integer("upper", 1) else k) > 0
    if c.attributes.integer("upper", 1):
        mask = ~mask
    zero = np.zeros((1,) * x.rank, t.value(x.value).dtype)
    parts = (
        Const(f"{c.name}.mask", mask, "bool"),
        x,
        Const(f"{c.name}.zero", zero, t.value(x.value).dtype),
    )
    return where(t, replace(c, inputs=parts))


def thresholded_relu(t: Translator, c: Call) -> Tensor:
    """x where it is greater than alpha, else 0."""
    x = t.floats(t.tensor(c.operand(0)))
    alpha = np.full((1,) * x.rank, c.attributes.real("alpha", 1.0), np.float32)
    limit = Const(f"{c.name}.alpha", alpha, "float32")
    above = combined(t, "greater", x, limit, f"{c.name}.above", dtype="bool")
    zero = Const(f"{c.name}.zero", np.zeros((1,) * x.rank, np.float32), "float32")
    return where(t, replace(c, inputs=(above, x, zero)))


CONVERTERS: dict[str, Any] = {
    "And": logical("logical_and"),
    "Cast": cast_,
    "CastLike": cast_like,
    "Equal": compare("equal"),
    "Greater": compare("greater"),
    "GreaterOrEqual": compare("greater_equal"),
    "Less": compare("less"),
    "LessOrEqual": compare("less_equal"),
    "Not": negate,
    "Or": logical("logical_or"),
    "ThresholdedRelu": thresholded_relu,
    "Trilu": trilu,
    "Where": where,
    "Xor": compare("not_equal"),
}
