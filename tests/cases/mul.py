# SPDX-License-Identifier: Apache-2.0
"""Cases of mul."""

from __future__ import annotations

from operator import mul

import numpy as np

from cases import _factor as factor
from cases._binaries import arithmetic, every_pair, extremes, itself, pair, product
from cases._scalar import Op

_A, _B, _OUT = (0.05, 1), (0.03, 2), (0.1, 0)
_A16, _B16, _OUT16 = (0.0011, 0), (0.0007, 0), (0.02, 0)
_PER_CHANNEL = ((1, 4, 5, 3), (1, 1, 1, 3))

CASES = (
    pair("mul", "int8", "int8", a=_A, b=_B, out=_OUT),
    pair("mul", "zero points at the ends", "int8", a=(0.03, -128), b=(0.05, 127), out=(0.3, -128)),
    pair("mul", "saturates", "int8", a=(0.5, 0), b=(0.5, 3), out=(0.1, 0)),
    pair("mul", "shifts to the left", "int8", a=(0.5, 0), b=(0.5, 3), out=(2e-5, 4)),
    pair("mul", "scale vanishes", "int8", a=(1e-6, 0), b=(1e-6, 3), out=(0.9, 4)),
    pair("mul", "relu6", "int8", a=_A, b=_B, out=(0.05, -70), activation="relu6"),
    pair("mul", "relu_n1_to_1", "int8", a=_A, b=_B, out=_OUT, activation="relu_n1_to_1"),
    pair("mul", "one value per channel", "int8", _PER_CHANNEL, _A, _B, _OUT),
    every_pair("mul", (0.031, -7), (0.0553, 22), (0.0701, 11)),
    pair("mul", "a constant", "int8", ((1, 9), (1,)), _A, _B, _OUT, constant="b"),
    pair("mul", "a constant first", "int8", ((1, 1), (1, 9)), _A, _B, _OUT, constant="a"),
    pair("mul", "constants per channel", "int8", _PER_CHANNEL, _A, _B, _OUT, constant="b"),
    itself("mul", "int8", (0.04, -11), (0.2, -100)),
    pair("mul", "int16", "int16", a=_A16, b=_B16, out=_OUT16),
    pair("mul", "int16 saturates", "int16", a=_A16, b=_B16, out=(0.0004, 0)),
    pair("mul", "int16 relu", "int16", _PER_CHANNEL, _A16, _B16, _OUT16, activation="relu"),
    pair("mul", "int32", "int32"),
    pair("mul", "int32 relu6", "int32", activation="relu6"),
    pair("mul", "int32 wraps around", "int32", ((1, 4), (1, 4)),
         feed=extremes("int32", (1 << 16, 1 << 15), (46341, 46341), (-(2**31), -1), (99, -99))),
    pair("mul", "float"),
    pair("mul", "float one value per channel, relu", shapes=_PER_CHANNEL, activation="relu"),
    *factor.CASES["mul"],
)  # fmt: skip


def scalar(op: Op) -> np.ndarray:
    return arithmetic(op, mul, product, mul)
