# SPDX-License-Identifier: Apache-2.0
"""Cases of rms_norm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op

_SUMS = "sums are added in another order, roots and divisions are ordered differently"


def _case(what: str, shape: tuple[int, ...], n_parameters: int, **attrs: Any) -> Case:
    def build(net: Net) -> str:
        row = shape[attrs.get("axis", -1) :]
        values = [net.reals(name, row) for name in ("scale", "bias")[:n_parameters]]
        return net.node("rms_norm", [net.input("x", shape), *values], **attrs)

    return Case(f"rms_norm/{what}", build, 1e-5, _SUMS, spread=3.0)


CASES = (
    _case("last axis", (1, 5, 8), 1),
    _case("no parameters", (1, 9), 0),
    _case("two axes", (1, 4, 3, 5), 1, axis=-2),
    _case("all but the batch", (1, 4, 3, 5), 1, axis=1),
    _case("batch too", (2, 3), 1, axis=0),
    _case("large epsilon", (1, 6, 4), 1, epsilon=0.5),
    _case("one value", (1, 3, 1), 1, epsilon=1e-2),
)


def scalar(op: Op) -> np.ndarray:
    """Each row over its root mean square."""
    x = op.x[0]
    size = math.prod(x.shape[op.attrs.axis :])
    scale = (op.x[1] if len(op.x) > 1 else np.ones(size)).ravel().tolist()
    rows = []
    for row in x.reshape(-1, size).tolist():
        square = sum(v * v for v in row) / size
        root = math.sqrt(square + op.attrs.epsilon)
        rows.append([v / root * scale[i] for i, v in enumerate(row)])
    return np.array(rows).reshape(op.out.shape)
