# SPDX-License-Identifier: Apache-2.0
"""Cases of cast."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np

from cases._case import Array, Case, Net
from cases._scalar import Op
from iseul.graph.ir import DType

_KINDS: tuple[DType, ...] = (
    *("float32", "int8", "uint8", "int16", "int32", "uint32", "int64", "bool"),
)
_BITS = {"int8": 8, "uint8": 8, "int16": 16, "int32": 32, "uint32": 32, "int64": 64}

_REALS = np.array(
    [
        *(0.0, -0.0, 0.49, -0.51, 1.5, -1.5, 127.9, 128.0, 200.7, -128.9, -200.1, 255.5, 300.0),
        *(32767.5, -40000.0, 70000.25, 2147483520.0, 2147483648.0, -2147483648.0, 4294967040.0),
        *(4294967296.0, 9.2e18, 9.3e18, -9.3e18, 3e38, -3e38, np.inf, -np.inf, np.nan, 1e-30),
    ],
    np.float32,
)


def _case(first: DType, last: DType) -> Case:
    reals = _REALS[: -4 if last == "float32" else None]  # NaN is equal to nothing

    def build(net: Net) -> str:
        shape = (1, len(reals)) if first == "float32" else (1, 4, 9)
        return net.node("cast", [net.input("x", shape, first)], dtype=last)

    feed = (lambda: [reals.reshape(1, 1, -1)]) if first == "float32" else None
    return Case(f"cast/{first} to {last}", build, feed=feed)


CASES = tuple(_case(*pair) for pair in product(_KINDS, _KINDS))


def scalar(op: Op) -> Array:
    kind = op.out.dtype
    numbers = op.x[0].ravel().tolist()
    return np.array([_one(x, kind) for x in numbers], object).reshape(op.out.shape)


def _one(x: Any, kind: str) -> Any:
    if kind == "bool":
        return x != 0
    if kind == "float32":
        return float(np.float32(x))
    if isinstance(x, float):
        is_signed = kind[0] == "i"
        low = -(1 << (_BITS[kind] - 1)) if is_signed else 0
        high = (1 << (_BITS[kind] - is_signed)) - 1
        return 0 if math.isnan(x) else low if x <= low else high if x >= high else math.trunc(x)
    lowest = int(x) & ((1 << _BITS[kind]) - 1)
    is_negative = kind[0] == "i" and lowest >> (_BITS[kind] - 1)
    return lowest - (1 << _BITS[kind]) if is_negative else lowest
