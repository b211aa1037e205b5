# SPDX-License-Identifier: Apache-2.0
"""Cases of sub."""

from __future__ import annotations

from operator import sub

import numpy as np

from cases._binaries import addition, arithmetic, every_pair, extremes, itself, pair
from cases._scalar import Op

_A, _B, _OUT = (0.05, 1), (0.03, 2), (0.06, 0)
_A16, _B16, _OUT16 = (0.0011, 0), (0.0007, 0), (0.0015, 0)
_PER_CHANNEL = ((1, 4, 5, 3), (1, 1, 1, 3))

CASES = (
    pair("sub", "equal scales", "int8", a=(0.05, 0), out=(0.1, 0)),
    pair("sub", "zero points at the ends", "int8", a=(0.03, -128), b=(0.05, 127), out=(0.06, 127)),
    pair("sub", "saturates", "int8", a=(0.5, 0), b=(0.5, 3), out=(0.1, 0)),
    pair("sub", "relu6", "int8", a=_A, b=_B, out=(0.05, -70), activation="relu6"),
    pair("sub", "relu_n1_to_1", "int8", a=_A, b=_B, out=_OUT, activation="relu_n1_to_1"),
    pair("sub", "one value per channel", "int8", _PER_CHANNEL, _A, _B, _OUT),
    pair("sub", "from one value per channel", "int8", _PER_CHANNEL[::-1], _A, _B, _OUT),
    every_pair("sub", (0.031, -7), (0.0553, 22), (0.0701, 11)),
    pair("sub", "from a constant", "int8", ((1,), (1, 9)), _A, _B, _OUT, constant="a"),
    pair("sub", "a constant", "int8", ((1, 9), (1,)), _A, _B, _OUT, constant="b"),
    itself("sub", "int8", (0.04, -11), (0.08, 3)),
    pair("sub", "int16", "int16", a=_A16, b=_B16, out=_OUT16),
    pair("sub", "int16 saturates", "int16", a=_A16, b=_B16, out=(0.0004, 0)),
    pair("sub", "int16 relu", "int16", _PER_CHANNEL, _A16, _B16, _OUT16, activation="relu"),
    pair("sub", "int32", "int32"),
    pair("sub", "int32 relu6", "int32", activation="relu6"),
    pair("sub", "int32 wraps around", "int32", ((1, 3), (1, 3)),
         feed=extremes("int32", (-(2**31), 1), (2**31 - 1, -1), (0, -(2**31)))),
    pair("sub", "float"),
    pair("sub", "float from one value per channel, relu", shapes=_PER_CHANNEL[::-1],
         activation="relu"),
)  # fmt: skip


def scalar(op: Op) -> np.ndarray:
    return arithmetic(op, sub, lambda op: addition(op, -1), sub)
