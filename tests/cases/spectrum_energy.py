# SPDX-License-Identifier: Apache-2.0
"""Cases of spectrum_energy."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, shape: tuple[int, ...], **attrs: int) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", shape, "int16")
        return net.node("spectrum_energy", [x], dtype="uint32", **attrs)

    return Case(f"spectrum_energy/{what}", build)


CASES = (
    _case("all", (1, 34)),
    _case("some", (1, 3, 20), start=2, end=7),
    _case("beyond the end", (1, 8), start=1, end=100),
    _case("none", (1, 6), start=2, end=2),
    _case("one axis", (10,), start=4),
)


def scalar(op: Op) -> np.ndarray:
    """re^2 + im^2 inside, 0 outside."""
    made = []
    for row in op.x[0].reshape(-1, op.x[0].shape[-1]).tolist():
        pairs = list(zip(row[0::2], row[1::2], strict=True))
        inside = range(op.attrs.start, op.attrs.end)
        made.append([a * a + b * b if i in inside else 0 for i, (a, b) in enumerate(pairs)])
    return np.array(made, np.int64).reshape(op.out.shape)
