# SPDX-License-Identifier: Apache-2.0
"""Cases of filter_bank."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, n: int, widths: list[int], low: int = 0) -> Case:
    def build(net: Net) -> str:
        m = max(1, sum(widths))
        at = np.cumsum(widths) - widths
        firsts = [int(net.random.integers(0, n - width + 1)) for width in widths]
        weights = [net.random.integers(low, 2**15, m) for _ in range(2)]
        tables = [*weights, np.array(firsts), at, np.array(widths)]
        names = ("weights", "unweights", "first", "at", "width")
        given = [
            net.constant(name, table.astype(np.int16))
            for name, table in zip(names, tables, strict=True)
        ]
        return net.node("filter_bank", [net.input("x", (n,), "uint32"), *given], dtype="uint64")

    return Case(f"filter_bank/{what}", build)


CASES = (
    _case("5 channels", 24, [2, 3, 1, 4, 2, 3]),
    _case("empty channels", 9, [0, 2, 0, 0, 3]),
    _case("one channel", 4, [1, 4]),
    _case("nothing at all", 3, [0, 0, 0]),
    _case("negative weights wrap", 12, [3, 2, 5], low=-(2**15)),
    _case("wide", 300, [100, 120, 300]),
)


def scalar(op: Op) -> np.ndarray:
    """FilterbankAccumulateChannels without its first output."""
    x, weights, unweights, firsts, at, widths = (array.tolist() for array in op.x)
    made, accumulator, other = [], 0, 0
    for c, width in enumerate(widths):
        for j in range(width):
            accumulator += weights[at[c] + j] * x[firsts[c] + j]
            other += unweights[at[c] + j] * x[firsts[c] + j]
        made.append(accumulator % 2**64)
        accumulator, other = other, 0
    return np.array(made[1:], object)
