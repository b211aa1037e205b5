# SPDX-License-Identifier: Apache-2.0
"""Cases of layer_norm."""

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
        return net.node("layer_norm", [net.input("x", shape), *values], **attrs)

    return Case(f"layer_norm/{what}", build, 1e-5, _SUMS, spread=3.0)


CASES = (
    _case("last axis", (1, 5, 8), 2),
    _case("no parameters", (1, 9), 0),
    _case("scale only", (1, 3, 4, 7), 1),
    _case("two axes", (1, 4, 3, 5), 2, axis=-2),
    _case("all but the batch", (1, 4, 3, 5), 2, axis=1),
    _case("batch too", (2, 3), 2, axis=0),
    _case("large epsilon", (1, 6, 4), 2, epsilon=0.5),
    _case("one value", (1, 3, 1), 2, epsilon=1e-2),
)


def scalar(op: Op) -> np.ndarray:
    """Each row over its deviation."""
    x = op.x[0]
    size = math.prod(x.shape[op.attrs.axis :])
    scale, bias = (
        p.ravel().tolist() for p in (*op.x[1:], *([np.ones(size), np.zeros(size)][len(op.x) - 1 :]))
    )
    rows = []
    for row in x.reshape(-1, size).tolist():
        mean = sum(row) / size
        square = sum((v - mean) ** 2 for v in row) / size
        root = math.sqrt(square + op.attrs.epsilon)
        rows.append([(v - mean) / root * scale[i] + bias[i] for i, v in enumerate(row)])
    return np.array(rows).reshape(op.out.shape)
