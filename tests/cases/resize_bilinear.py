# SPDX-License-Identifier: Apache-2.0
"""Cases of resize_bilinear."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from cases import _factor as factor
from cases._case import Array, Case, Net
from cases._moves import value
from cases._scalar import Op, divide

Pair = tuple[int, int]


def _case(
    what: str,
    before: Pair,
    after: Pair,
    coordinates: str = "asymmetric",
    kind: str = "int8",
    channels: int = 3,
) -> Case:
    def build(net: Net) -> str:
        x = value(net, (1, *before, channels), kind)
        return net.node("resize_bilinear", [x], size=after, coordinates=coordinates)

    reason = "weights are rounded in another order" if kind == "float32" else ""
    # the reference's places are 1/1024 of a pixel apart, whatever the number kind
    skips = {"fake_quantize": "1/1024 of a pixel is many steps of int16"} if kind == "int16" else {}
    return Case(f"resize_bilinear/{what}", build, 2e-6 if reason else 0.0, reason, skips)


def _as_uint8(net: Net, where: str = "half_pixel") -> str:
    x = net.int8((1, 3, 4, 5), 0.05, 9)
    return net.node("resize_bilinear", [x], size=(7, 12), coordinates=where, offset=128)


CASES = (
    *(
        _case(f"{coordinates} {kind} {before}", before, after, coordinates, kind)
        for coordinates in ("asymmetric", "half_pixel", "align_corners")
        for kind in ("int8", "int16", "float32")
        for before, after in (((3, 4), (7, 9)), ((7, 9), (3, 4)))
    ),
    _case("twice", (3, 4), (6, 8), "half_pixel", channels=1),
    _case("one pixel", (1, 1), (4, 5), "align_corners"),
    _case("one pixel far", (1, 2), (70, 5)),
    _case("to one pixel", (4, 5), (1, 1), "align_corners"),
    _case("the same size", (3, 4), (3, 4)),
    Case("resize_bilinear/as uint8", _as_uint8),
    Case("resize_bilinear/as uint8, aligned", partial(_as_uint8, where="align_corners")),
    _case("two columns", (2, 2), (5, 3), "half_pixel", "int16", 2),
    *factor.CASES["resize_bilinear"],
)


def _taps(i: int, n: int, m: int, coordinates: str) -> tuple[int, int, int]:
    """ComputeInterpolationValuesInteger: lower, upper and place in 1/1024, lower kept inside."""
    scale = divide((1 << 10) * n + divide(m, 2), m)
    if coordinates == "align_corners" and m > 1:
        scale = divide((1 << 10) * (n - 1) + divide(m - 1, 2), m - 1)
    at = i * scale
    if coordinates == "half_pixel":
        at = i * scale + divide(scale, 2) - (1 << 9)
    lower = min(max(divide(at, 1 << 10), 0), n - 1)
    return lower, min(divide(at + (1 << 10) - 1, 1 << 10), n - 1), at


def _real_taps(i: int, n: int, m: int, coordinates: str) -> tuple[int, int, float]:
    """ComputeInterpolationValues."""
    aligned = coordinates == "align_corners" and m > 1
    scale = np.float32(n - 1) / np.float32(m - 1) if aligned else np.float32(n) / np.float32(m)
    at = np.float32(i) * scale
    if coordinates == "half_pixel":
        at = (np.float32(i) + np.float32(0.5)) * scale - np.float32(0.5)
    return max(math.floor(at), 0), min(math.ceil(at), n - 1), float(at)


def scalar(op: Op) -> Array:
    """ResizeBilinear and ResizeBilinearInteger."""
    a, x = op.attrs, op.x[0].tolist()
    if a.offset:
        return _as_reals(op)
    _, rows, columns, _ = op.x[0].shape
    result = np.zeros(op.out.shape)
    taps, one = (_real_taps, 1) if op.real else (_taps, 1 << 10)
    for n, y, column, c in np.ndindex(op.out.shape):
        y0, y1, at_y = taps(y, rows, a.size[0], a.coordinates)
        x0, x1, at_x = taps(column, columns, a.size[1], a.coordinates)
        fy, fx = at_y - one * y0, at_x - one * x0
        total = x[n][y0][x0][c] * (one - fy) * (one - fx) + x[n][y1][x0][c] * fy * (one - fx)
        total += x[n][y0][x1][c] * (one - fy) * fx + x[n][y1][x1][c] * fy * fx
        if not op.real:
            total = divide(total + (1 << 19 if total > 0 else -(1 << 19)), 1 << 20)
        result[n, y, column, c] = total
    return result


def _as_reals(op: Op) -> Array:
    """ResizeBilinear of uint8_t, in float32 one operation at a time."""
    a, f = op.attrs, np.float32
    _, rows, columns, _ = op.x[0].shape
    x = op.x[0].astype(int) + a.offset
    result = np.zeros(op.out.shape)
    for n, y, column, c in np.ndindex(op.out.shape):
        y0, y1, at_y = _single_taps(y, rows, a.size[0], a.coordinates)
        x0, x1, at_x = _single_taps(column, columns, a.size[1], a.coordinates)
        fy, fx = at_y - f(y0), at_x - f(x0)
        total = f(x[n, y0, x0, c]) * (f(1) - fy) * (f(1) - fx)
        total = total + f(x[n, y1, x0, c]) * fy * (f(1) - fx)
        total = total + f(x[n, y0, x1, c]) * (f(1) - fy) * fx
        total = total + f(x[n, y1, x1, c]) * fy * fx
        result[n, y, column, c] = int(total + f(0.5)) - a.offset
    return result


def _single_taps(i: int, n_in: int, n_out: int, where: str) -> tuple[int, int, np.float32]:
    f = np.float32
    step = f(n_in) / f(n_out)
    if where == "align_corners" and n_out > 1:
        step = f(n_in - 1) / f(n_out - 1)
    at = (f(i) + f(0.5)) * step - f(0.5) if where == "half_pixel" else f(i) * step
    low, high = math.floor(at), math.ceil(at)
    return min(max(low, 0), n_in - 1), min(max(high, 0), n_in - 1), at
