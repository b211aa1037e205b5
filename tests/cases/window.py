# SPDX-License-Identifier: Apache-2.0
"""Cases of window."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, shape: tuple[int, ...], n: int, shift: int = 12, largest: int = 4096) -> Case:
    def build(net: Net) -> str:
        data = net.random.integers(-largest, largest, n, endpoint=True).clip(-(2**15), 2**15 - 1)
        weights = net.constant("w", data.astype(np.int16))
        return net.node("window", [net.input("x", shape, "int16"), weights], shift=shift)

    return Case(f"window/{what}", build)


CASES = (
    _case("one frame", (1, 16), 16),
    _case("saturates", (1, 9), 9, 10, 2**15),
    _case("no shift", (1, 5), 5, 0, 2**15),
    _case("largest shift", (1, 7), 7, 31, 2**15),
    _case("window repeated", (1, 2, 12), 4),
    _case("one axis", (8,), 8),
)


def scalar(op: Op) -> np.ndarray:
    """(x * weight) >> shift, saturated."""
    weights = op.x[1].tolist()
    flat = [
        min(max((x * weights[i % len(weights)]) >> op.attrs.shift, -(2**15)), 2**15 - 1)
        for i, x in enumerate(op.x[0].ravel().tolist())
    ]
    return np.array(flat).reshape(op.out.shape)
