# SPDX-License-Identifier: Apache-2.0
"""Cases of l2_normalization."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cases._case import SUMS_REORDERED, Case, Net, quant
from cases._scalar import INT32_MAX, Op, high_mul, multiply, multiply_by_pot, zero


def _case(what: str, shape: tuple[int, ...], zero_point: int = 0, feed: Any = None) -> Case:
    def build(net: Net) -> str:
        return net.node(
            "l2_normalization", [net.int8(shape, 0.05, zero_point)], quant=quant(1 / 128)
        )

    return Case(f"l2_normalization/{what}", build, feed=feed)


def _float(what: str, shape: tuple[int, ...], **attrs: float) -> Case:
    def build(net: Net) -> str:
        return net.node("l2_normalization", [net.input("x", shape)], **attrs)

    return Case(f"l2_normalization/{what}", build, 1e-6, SUMS_REORDERED, spread=3.0)


def _short_rows() -> list[np.ndarray]:
    """Rows whose squares add up to 0, 1, 2, 3, 4, 5 and a few more."""
    rows = [(0, 0), (1, 0), (-1, 1), (1, 1), (2, 0), (2, -1), (127, -128), (-128, -128), (3, 90)]
    return [np.array(rows, np.int8)[:, None, :]]


CASES = (
    _case("16 values", (1, 16)),
    _case("zero point -128", (1, 3, 7), -128),
    _case("zero point 127", (1, 3, 7), 127),
    _case("one value", (1, 4, 1), 5),
    _case("long rows", (1, 2, 700), -100),
    _case("short rows", (1, 2), feed=_short_rows),
    _float("float", (1, 3, 9)),
    _float("float, one value", (1, 4, 1)),
    _float("float, large epsilon", (1, 8, 2), epsilon=2.0),
)


def inverse_root(x: int) -> tuple[int, int]:
    """GetInvSqrtQuantizedMultiplierExp with reverse shift -1."""
    if x <= 1:
        return INT32_MAX, 0
    shift = 11
    while x >= 1 << 29:
        x //= 4
        shift += 1
    pairs = (32 - x.bit_length() - 1) // 2 - 1
    shift -= pairs
    x <<= 2 * pairs
    assert 1 << 27 <= x < 1 << 29
    half = multiply_by_pot(x >> 1, -1)
    root = 1 << 28
    for _ in range(5):
        cube = multiply_by_pot(high_mul(high_mul(root, root), root), 6)
        root = multiply_by_pot(high_mul((1 << 28) + (1 << 27), root) - high_mul(half, cube), 3)
    root = high_mul(root, 1518500250)
    if shift < 0:
        root, shift = root << -shift, 0
    return root, -shift


def scalar(op: Op) -> np.ndarray:
    """Each row over its length."""
    rows = []
    for row in op.x[0].reshape(-1, op.out.shape[-1]).tolist():
        if op.real:
            length = max(math.sqrt(sum(x * x for x in row)), op.attrs.epsilon)
            rows.append([x / length for x in row])
            continue
        centred = [q - zero(op.values[0]) for q in row]
        multiplier, shift = inverse_root(sum(x * x for x in centred))
        rows.append([min(max(multiply(x, multiplier, shift + 7), -128), 127) for x in centred])
    return np.array(rows).reshape(op.out.shape)
