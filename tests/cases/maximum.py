# SPDX-License-Identifier: Apache-2.0
"""Cases of maximum."""

from __future__ import annotations

import numpy as np

from cases._binaries import each, every_pair, extremes, pair
from cases._scalar import Op

_NAN = float("nan")
_PER_CHANNEL = ((1, 4, 5, 3), (1, 1, 1, 3))

CASES = (
    every_pair("maximum", (0.05, -7), (0.05, -7), (0.05, -7)),
    pair("maximum", "a constant", "int8", ((1, 9), (1,)), (0.05, -7), constant="b"),
    pair("maximum", "int16", "int16", _PER_CHANNEL, (0.001, 0)),
    pair("maximum", "int32", "int32", ((7,), ())),
    pair("maximum", "int64", "int64", _PER_CHANNEL[::-1]),
    pair("maximum", "float", shapes=_PER_CHANNEL),
    pair("maximum", "float of no number", shapes=((1, 3), (1, 3)),
         feed=extremes("float32", (_NAN, 1.0), (-np.inf, 1.0), (2.0, np.inf))),
)  # fmt: skip


def scalar(op: Op) -> np.ndarray:
    return each(op, lambda a, b: a if a > b else b)
