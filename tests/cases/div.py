# SPDX-License-Identifier: Apache-2.0
"""Cases of div."""

from __future__ import annotations

from operator import truediv

import numpy as np

from cases._binaries import arithmetic, divide_plain, extremes, pair, quotient
from cases._case import Case
from cases._scalar import Op

_A, _B, _OUT = (0.05, 1), (0.03, 2), (0.01, 0)
_PER_CHANNEL = ((1, 4, 5, 3), (1, 1, 1, 3))
_TABLE = ((1, 256), (1, 1))


def _every_number(what: str, divisor: int, a: tuple[float, int], out: tuple[float, int]) -> Case:
    """All int8 by a constant."""
    every = np.arange(-128, 128).astype(np.int8).reshape(1, 1, 256)
    return pair(
        "div", what, "int8", _TABLE, a, _B, out, constant="b",
        data=np.array([[divisor]], np.int8), feed=lambda: [every],
    )  # fmt: skip


def _all_but_zero() -> list[np.ndarray]:
    """All pairs of int8 but for divisors that stand for 0 (the quotient of two such is NaN)."""
    b = np.arange(-128, 128).astype(np.int8)
    return [b.reshape(1, 1, 256, 1), b[b != _B[1]].reshape(1, 1, 1, 255)]


CASES = (
    _every_number("by the largest constant", 127, (0.05, -128), (0.01, -128)),
    _every_number("by a negative constant", -90, (0.05, 3), (0.01, 5)),
    _every_number("by the smallest constant", 3, (0.05, 0), (0.2, 0)),
    _every_number("by a power of two", 66, (0.05, 127), (0.02, 127)),
    pair("div", "all pairs of integers", "int8", ((1, 256, 1), (1, 1, 255)), _A, _B, _OUT,
         feed=_all_but_zero),
    pair("div", "by zero", "int8", ((1, 4), (1, 4)), _A, _B, (0.01, 7),
         feed=extremes("int8", (9, 2), (-9, 2), (2, 0), (-128, 2))),
    pair("div", "by zero, relu6", "int8", ((1, 3), (1, 3)), _A, _B, (0.02, -70),
         feed=extremes("int8", (9, 2), (-9, 2), (2, 0)), activation="relu6"),
    pair("div", "constants per channel", "int8", _PER_CHANNEL, _A, _B, _OUT, constant="b",
         data=np.array([[[[-128, 127, 9]]]], np.int8)),
    pair("div", "relu_n1_to_1", "int8", _TABLE, _A, _B, _OUT, constant="b",
         data=np.array([[60]], np.int8), activation="relu_n1_to_1"),
    pair("div", "scale far smaller", "int8", _TABLE, (0.9, 3), (1e-3, 0), (3e-4, 5), constant="b",
         data=np.array([[60]], np.int8)),
    pair("div", "int32", "int32"),
    pair("div", "int32 by a constant, relu6", "int32", ((9,), ()), constant="b",
         data=np.array(7, np.int32), activation="relu6"),
    pair("div", "int32 rounds to zero", "int32", ((1, 8), (1, 8)),
         feed=extremes("int32", (7, 2), (-7, 2), (7, -2), (-7, -2), (-(2**31), -1), (5, 0),
                       (-(2**31), 1), (2**31 - 1, -(2**31)))),
    pair("div", "float", shapes=_PER_CHANNEL),
    pair("div", "float by a constant, relu", shapes=_PER_CHANNEL, constant="b", activation="relu"),
)  # fmt: skip


def scalar(op: Op) -> np.ndarray:
    return arithmetic(op, truediv, quotient, divide_plain)
