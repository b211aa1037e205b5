# SPDX-License-Identifier: Apache-2.0
"""Ops whose results are known while reading: Constant, Shape, Size, and those that only fold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import UnsupportedError
from iseul.graph.read._onnx._fold import FOLDS
from iseul.graph.read._onnx._layout import Const

if TYPE_CHECKING:
    from iseul.graph.read._onnx._translate import Call, Operand, Translator


def constant(t: Translator, c: Call) -> Operand:
    a = c.attributes
    tensor = a.tensor("value")
    if tensor is not None:
        return Const(c.name, tensor.data, tensor.dtype)
    if "value_float" in a:
        return Const(c.name, np.array(a.real("value_float", 0.0), np.float32), "float32")
    if "value_int" in a:
        return Const(c.name, np.array(a.integer("value_int", 0), np.int64), "int64")
    if (reals := a.reals("value_floats")) is not None:
        return Const(c.name, np.array(reals, np.float32), "float32")
    if (numbers := a.integers("value_ints")) is not None:
        return Const(c.name, np.array(numbers, np.int64), "int64")
    raise UnsupportedError("holds strings or a sparse tensor", "dense numbers")


def shape(t: Translator, c: Call) -> Operand:
    sizes = c.operand(0).shape
    start, end = c.attributes.integer("start", 0), c.attributes.integer("end", len(sizes))
    return Const(c.name, np.array(sizes[start:end], np.int64), "int64")


def size(t: Translator, c: Call) -> Operand:
    return Const(
        c.name, np.array(int(np.prod(c.operand(0).shape, dtype=object)), np.int64), "int64"
    )


def only_known(t: Translator, c: Call) -> Operand:
    """Ops that the graph has no counterpart for; on constants they are folded before."""
    raise UnsupportedError("reads values that are computed at run time", "use another op")


_ONLY_FOLDED = (
    "ConstantOfShape",
    "NonZero",
    "Range",
    "ScatterND",
)
assert all(op in FOLDS for op in _ONLY_FOLDED)
CONVERTERS = {"Constant": constant, "Shape": shape, "Size": size}
CONVERTERS |= dict.fromkeys(_ONLY_FOLDED, only_known)
INTEGERS = {"Shape": shape, "Size": size}
