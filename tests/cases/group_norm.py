# SPDX-License-Identifier: Apache-2.0
"""Cases of group_norm."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op

_SUMS = "sums are added in another order, roots and divisions are ordered differently"


def _case(what: str, shape: tuple[int, ...], n_parameters: int, **attrs: Any) -> Case:
    def build(net: Net) -> str:
        row = shape[-1:]
        values = [net.reals(name, row) for name in ("scale", "bias")[:n_parameters]]
        return net.node("group_norm", [net.input("x", shape), *values], **attrs)

    return Case(f"group_norm/{what}", build, 2e-5, _SUMS, spread=3.0)


CASES = (
    _case("3 groups", (1, 4, 5, 6), 2, groups=3),
    _case("one group", (1, 3, 3, 5), 2),
    _case("instance: a group per channel", (1, 4, 3, 5), 2, groups=5),
    _case("no parameters", (1, 7, 4), 0, groups=2),
    _case("scale only, large epsilon", (1, 7, 4), 1, groups=4, epsilon=0.3),
    _case("no positions", (1, 8), 2, groups=2),
    _case("several samples", (3, 2, 2, 4), 2, groups=2),
)


def scalar(op: Op) -> np.ndarray:
    """Each group over its deviation."""
    x = op.x[0]
    channels = x.shape[-1]
    width = channels // op.attrs.groups
    scale = op.x[1].tolist() if len(op.x) > 1 else [1.0] * channels
    bias = op.x[2].tolist() if len(op.x) > 2 else [0.0] * channels
    result = np.zeros(x.shape)
    for n, first in np.ndindex(x.shape[0], op.attrs.groups):
        places = [p for p in np.ndindex(x.shape) if p[0] == n and p[-1] // width == first]
        values = [float(x[p]) for p in places]
        mean = sum(values) / len(values)
        square = sum((v - mean) ** 2 for v in values) / len(values)
        root = math.sqrt(square + op.attrs.epsilon)
        for p, v in zip(places, values, strict=True):
            result[p] = (v - mean) / root * scale[p[-1]] + bias[p[-1]]
    return result
