# SPDX-License-Identifier: Apache-2.0
"""Cases of rfft."""

from __future__ import annotations

import cmath
import math

import numpy as np

from cases._case import SUMS_REORDERED, Case, Net
from cases._fft import forward
from cases._scalar import Op


def _case(what: str, rows: tuple[int, ...], length: int, dtype: str, size: int = 0) -> Case:
    n = size or length

    def build(net: Net) -> str:
        return net.node("rfft", [net.input("x", (*rows, n), dtype)], length=length)

    if dtype == "float32":
        return Case(f"rfft/{what}", build, 2e-5, SUMS_REORDERED, spread=0.5)
    return Case(f"rfft/{what}", build)


CASES = (
    _case("int16 of 64", (1,), 64, "int16"),
    _case("int16 of 128, radix 4 only", (1,), 128, "int16"),
    _case("int16 of 4, radix 2 only", (1,), 4, "int16"),
    _case("int16 of 6, radix 3 only", (1,), 6, "int16"),
    _case("int16 of 10, radix 5 only", (1,), 10, "int16"),
    _case("int16 of 60, odd half", (1, 2), 60, "int16"),
    _case("int16 of 30, two rows", (2,), 30, "int16"),
    _case("int16 of 480", (), 480, "int16"),
    _case("int16, zeros behind", (1,), 32, "int16", 21),
    _case("int16, one value", (1,), 16, "int16", 1),
    _case("int32 of 64", (1,), 64, "int32"),
    _case("int32 of 60", (1, 1), 60, "int32"),
    _case("int32, zeros behind", (2,), 16, "int32", 9),
    _case("float of 64", (1,), 64, "float32"),
    _case("float of 30, two rows", (2,), 30, "float32"),
    _case("float, zeros behind", (1,), 40, "float32", 33),
)


def scalar(op: Op) -> np.ndarray:
    """Spectrum of each row; floats by the sum that a transform is."""
    length = op.attrs.length
    made = []
    for row in op.x[0].reshape(-1, op.x[0].shape[-1]).tolist():
        signal = row + [0] * (length - len(row))
        if not op.real:
            made.append(forward(signal, 16 if op.out.dtype == "int16" else 32))
            continue
        values = [_sum_of(signal, k) for k in range(length // 2 + 1)]
        made.append([part for v in values for part in (v.real, v.imag)])
    return np.array(made, object if not op.real else float).reshape(op.out.shape)


def _sum_of(values: list[float], k: int) -> complex:
    n = len(values)
    return sum(v * cmath.exp(-2j * math.pi * (i * k % n) / n) for i, v in enumerate(values))
