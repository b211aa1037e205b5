# SPDX-License-Identifier: Apache-2.0
"""Cases of squared_difference."""

from __future__ import annotations

import numpy as np

from cases._binaries import (
    arithmetic,
    every_pair,
    extremes,
    itself,
    pair,
    squared_difference,
    wrap,
)
from cases._scalar import Op

_NAME = "squared_difference"
_A, _B, _OUT = (0.05, 1), (0.03, 2), (0.3, -100)
_A16, _B16, _OUT16 = (0.0011, 0), (0.0007, 0), (0.08, 0)
_COARSE = {"fake_quantize": "the common scale drops a bit, which counts more in a square"}
_PER_CHANNEL = ((1, 4, 5, 3), (1, 1, 1, 3))

CASES = (
    pair(_NAME, "equal scales", "int8", a=_A, out=_OUT),
    pair(_NAME, "zero points at the ends", "int8", a=(0.03, -128), b=(0.05, 127), out=(0.3, -128)),
    pair(_NAME, "saturates", "int8", a=(0.5, 0), b=(0.5, 3), out=(0.1, 0)),
    pair(_NAME, "output scale far larger", "int8", a=_A, b=_B, out=(900.0, 3)),
    pair(_NAME, "output scale as small as it may be", "int8", a=_A, b=_B, out=(7e-7, 3)),
    pair(_NAME, "one value per channel", "int8", _PER_CHANNEL, _A, _B, _OUT),
    every_pair(_NAME, (0.031, -7), (0.0553, 22), (0.2, -90)),
    pair(_NAME, "a constant", "int8", ((1, 9), (1,)), _A, _B, _OUT, constant="b"),
    itself(_NAME, "int8", (0.04, -11), (0.2, 7)),
    pair(_NAME, "int16", "int16", a=_A16, b=_B16, out=_OUT16, skips=_COARSE),
    pair(_NAME, "int16 equal scales", "int16", _PER_CHANNEL, _A16, out=(0.0001, 0), skips=_COARSE),
    pair(_NAME, "int32", "int32"),
    pair(_NAME, "int32 wraps around", "int32", ((1, 3), (1, 3)),
         feed=extremes("int32", (2**31 - 1, -(2**31)), (50000, 0), (-3, 4))),
    pair(_NAME, "float", shapes=_PER_CHANNEL),
)  # fmt: skip


def scalar(op: Op) -> np.ndarray:
    return arithmetic(
        op, lambda a, b: (a - b) * (a - b), squared_difference, lambda a, b: wrap(a - b) ** 2
    )
