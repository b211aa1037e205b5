# SPDX-License-Identifier: Apache-2.0
"""Cases of resize_nearest."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op, c_round

Pair = tuple[int, int]


def _case(
    what: str,
    before: Pair,
    after: Pair,
    coordinates: str = "asymmetric",
    rounding: str = "down",
    kind: str = "int8",
) -> Case:
    def build(net: Net) -> str:
        x = value(net, (1, *before, 3), kind)
        attrs = {"coordinates": coordinates, "rounding": rounding}
        return net.node("resize_nearest", [x], size=after, **attrs)

    return Case(f"resize_nearest/{what}", build)


CASES = (
    *(_case(f"twice, {kind}", (2, 3), (4, 6), kind=kind) for kind in KINDS),
    *(
        _case(f"{coordinates} {rounding}", (4, 7), (7, 3), coordinates, rounding)
        for coordinates in ("asymmetric", "half_pixel", "align_corners")
        for rounding in ("down", "up", "half_down", "half_up")
    ),
    _case("one pixel", (1, 1), (3, 4), "align_corners", "half_up"),
    _case("to one pixel", (3, 4), (1, 1), "align_corners", "half_up"),
    _case("the same size", (3, 4), (3, 4)),
    _case("half pixels, odd factor", (2, 3), (6, 9), "half_pixel", "half_up"),
)


def _source(i: int, n: int, m: int, coordinates: str, rounding: str) -> int:
    """GetNearestNeighbor in float32; roundings that it does not have by their definition."""
    aligned = coordinates == "align_corners"
    scale = np.float32(n - 1) / np.float32(m - 1) if aligned and m > 1 else np.float32(n) / m
    offset = np.float32(0.5 if coordinates == "half_pixel" else 0.0)
    at = float(np.float32((np.float32(i) + offset) * np.float32(scale)))
    if coordinates == "half_pixel":
        if rounding == "half_up":
            return min(max(math.floor(at), 0), n - 1)
        at = float(np.float32(at) - np.float32(0.5))
    whole = {
        "down": math.floor(at),
        "up": math.ceil(at),
        "half_down": math.ceil(at - 0.5),
        "half_up": c_round(at),
    }[rounding]
    return min(max(whole, 0), n - 1)


def scalar(op: Op) -> Array:
    """The pixel whose place is nearest."""
    a, x = op.attrs, op.x[0]

    def place(index: tuple[int, ...]) -> tuple[int, ...]:
        n, *pixel, c = index
        at = [
            _source(i, x.shape[1 + k], a.size[k], a.coordinates, a.rounding)
            for k, i in enumerate(pixel)
        ]
        return (n, *at, c)

    return gather(op.out.shape, x, place)
