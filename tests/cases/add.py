# SPDX-License-Identifier: Apache-2.0
"""Cases of add."""

from __future__ import annotations

from operator import add
from typing import Any

import numpy as np

from cases import _factor as factor
from cases._binaries import (
    SHAPES,
    Quant,
    addition,
    arithmetic,
    every_pair,
    extremes,
    itself,
    pair,
)
from cases._case import Case
from cases._scalar import Op

_A, _B, _OUT = (0.05, 1), (0.03, 2), (0.06, 0)
_A16, _B16, _OUT16 = (0.0011, 0), (0.0007, 0), (0.0015, 0)


def _int8(what: str, a: Quant, b: Quant, out: Quant, **attrs: Any) -> Case:
    return pair("add", what, "int8", a=a, b=b, out=out, **attrs)


def _int16(what: str, a: Quant, b: Quant, out: Quant, **attrs: Any) -> Case:
    return pair("add", f"int16 {what}", "int16", a=a, b=b, out=out, **attrs)


CASES = (
    _int8("equal scales", (0.05, 0), (0.05, 0), (0.1, 0)),
    _int8("unequal scales", (0.031, -7), (0.0553, 22), (0.0701, 11)),
    _int8("first scale far larger", (1.3, 4), (0.0021, -3), (1.31, 0)),
    _int8("second scale far larger", (1e-9, 4), (0.7, -3), (0.71, 5)),
    _int8("zero points at the ends", (0.03, -128), (0.05, 127), (0.06, -128)),
    _int8("saturates", (0.5, 0), (0.5, 3), (0.1, 0)),
    _int8("output scale far larger", _A, _B, (9.0, -4)),
    _int8("output scale far smaller", _A, _B, (1e-5, -4)),
    _int8("relu", _A, _B, (0.06, -4), activation="relu"),
    _int8("relu6", _A, _B, (0.05, -70), activation="relu6"),
    _int8("relu_n1_to_1", _A, _B, (0.02, 0), activation="relu_n1_to_1"),
    *(pair("add", what, "int8", shapes, _A, _B, _OUT) for what, shapes in SHAPES),
    every_pair("add", (0.031, -7), (0.0553, 22), (0.0701, 11)),
    pair("add", "constant of one axis", "int8", ((1, 4, 5, 3), (3,)), _A, _B, _OUT, constant="b"),
    pair("add", "constant second", "int8", ((1, 9), (1, 1)), _A, _B, _OUT, constant="b"),
    pair("add", "constant first", "int8", ((), (1, 9)), _A, _B, _OUT, constant="a"),
    itself("add", "int8", (0.04, -11), (0.08, 3)),
    _int16("equal scales", _A16, _A16, (0.0022, 0)),
    _int16("unequal scales", _A16, _B16, _OUT16),
    _int16("power of two scales", (2.0**-10, 0), (2.0**-12, 0), (2.0**-10, 0)),
    _int16("saturates", _A16, _B16, (0.0004, 0)),
    _int16("output scale far smaller", _A16, _B16, (1e-7, 0)),
    _int16("second scale far larger", (1e-9, 0), (0.01, 0), (0.011, 0)),
    _int16(
        "relu6, one value per channel",
        _A16,
        _B16,
        _OUT16,
        activation="relu6",
        shapes=((1, 4, 5, 3), (1, 1, 1, 3)),
    ),
    pair("add", "int32", "int32"),
    pair("add", "int32 one number", "int32", ((7,), ())),
    pair(
        "add",
        "int32 wraps around",
        "int32",
        ((1, 3), (1, 3)),
        feed=extremes("int32", (2**31 - 1, 1), (-(2**31), -1), (-(2**31), -(2**31))),
    ),
    pair("add", "float"),
    pair(
        "add", "float one value per channel, relu", shapes=((1, 4, 5, 3), (3,)), activation="relu"
    ),
    pair("add", "float relu6", activation="relu6"),
    *factor.CASES["add"],
)


def scalar(op: Op) -> np.ndarray:
    return arithmetic(op, add, lambda op: addition(op, 1), add)
