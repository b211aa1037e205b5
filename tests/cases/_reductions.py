# SPDX-License-Identifier: Apache-2.0
"""The table of shapes and axes that reductions go through, and their scalar texts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

from cases._case import SUMS_REORDERED, Case, Net, quant
from cases._scalar import Op

Shape = tuple[int, ...]

SHAPES: tuple[tuple[str, Shape, tuple[int, ...], bool], ...] = (
    ("rows and columns", (1, 5, 3, 7), (1, 2), True),
    ("rows and columns, axes left out", (1, 5, 3, 7), (2, 1), False),
    ("last axis", (1, 4, 5), (-1,), False),
    ("one axis in the middle", (1, 3, 4, 5), (2,), True),
    ("every other axis", (1, 3, 2, 4, 3), (1, 3), False),
    ("batch axis", (3, 4), (0,), True),
    ("all axes", (2, 3, 4), (0, 1, 2), False),
    ("all axes, twice named", (1, 6, 2), (0, -1, 1, 2, 1), True),
    ("no axis", (1, 2, 5), (), True),
    ("an axis of size 1", (1, 6, 1, 3), (2,), False),
    ("one value", (1, 1), (1,), True),
)


def reduction(
    op: str,
    what: str,
    shape: Shape,
    axes: tuple[int, ...],
    keep_dims: bool,
    kind: str = "int8",
    first: tuple[float, int] = (0.05, 0),
    last: tuple[float, int] | None = None,
    spread: float = 1.0,
    rounds: bool = True,
) -> Case:
    """A case; first, last: scale and zero point of input and output (by default the same)."""

    def build(net: Net) -> str:
        attrs: dict[str, Any] = {"axes": axes, "keep_dims": keep_dims}
        if kind in ("int8", "int16"):
            x = net.input("x", shape, kind, quant(*first))
            return net.node(op, [x], quant=quant(*(last or first)), **attrs)
        return net.node(op, [net.input("x", shape, kind)], **attrs)

    if kind == "float32" and rounds:
        return Case(f"{op}/{what}", build, 2e-5, SUMS_REORDERED, spread=spread)
    return Case(f"{op}/{what}", build, spread=spread)


def groups(op: Op) -> tuple[np.ndarray, Callable[[Callable[[list[Any]], Any]], np.ndarray]]:
    """The input's values, grouped by the output that they go into: apply(function of a list)."""
    x = op.x[0]
    reduced = {axis % x.ndim for axis in op.attrs.axes}
    kept = [n for i, n in enumerate(x.shape) if i not in reduced]
    piles: dict[Shape, list[Any]] = {place: [] for place in product(*map(range, kept))}
    for place in np.ndindex(x.shape):
        piles[tuple(k for i, k in enumerate(place) if i not in reduced)].append(x[place].item())

    def apply(function: Callable[[list[Any]], Any]) -> np.ndarray:
        values = [function(pile) for pile in piles.values()]
        return np.array(values).reshape(op.out.shape)

    return x, apply
