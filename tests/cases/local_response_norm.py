# SPDX-License-Identifier: Apache-2.0
"""Cases of local_response_norm."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op

_POWER = "a power is an exponential of a logarithm; sums are added in another order"


def _case(what: str, shape: tuple[int, ...], **attrs: Any) -> Case:
    def build(net: Net) -> str:
        return net.node("local_response_norm", [net.input("x", shape)], **attrs)

    return Case(f"local_response_norm/{what}", build, 1e-5, _POWER, spread=3.0)


CASES = (
    _case("defaults", (1, 3, 4, 9)),
    _case("odd size", (1, 2, 2, 7), size=3, alpha=0.1, beta=0.5, bias=2.0),
    _case("even size", (1, 5, 6), size=4, alpha=0.3, beta=0.9, bias=0.5),
    _case("wider than the channels", (1, 3, 3), size=31, alpha=0.2),
    _case("size 1", (1, 1, 8), size=1, alpha=1.0, beta=0.75),
    _case("beta 0", (1, 4), beta=0.0),
)


def scalar(op: Op) -> np.ndarray:
    """Each value over a power of the squares near it."""
    a = op.attrs
    rows = []
    for row in op.x[0].reshape(-1, op.out.shape[-1]).tolist():
        made = []
        for c, x in enumerate(row):
            near = row[max(0, c - (a.size - 1) // 2) : c + a.size // 2 + 1]
            made.append(x / (a.bias + a.alpha * sum(y * y for y in near)) ** a.beta)
        rows.append(made)
    return np.array(rows).reshape(op.out.shape)
