# SPDX-License-Identifier: Apache-2.0
"""Cases of gather_nd."""

from __future__ import annotations

import numpy as np

from cases._case import N_SAMPLES, Array, Case, Net, Shape
from cases._moves import KINDS, fixed, gather, value
from cases._scalar import Op


def _case(what: str, shape: Shape, rows: Shape, depth: int, kind: str = "int8") -> Case:
    """Constant indices, some of them beyond their axes."""

    def build(net: Net) -> str:
        data = net.random.integers(-1, np.array(shape[:depth]) + 1, (*rows, depth))
        indices = net.constant("indices", data.astype(np.int32))
        return net.node("gather_nd", [value(net, shape, kind), indices])

    return Case(f"gather_nd/{what}", build)


def _computed(net: Net) -> str:
    x = fixed(net, (4, 3, 2), name="x")
    return net.node("gather_nd", [x, net.input("indices", (1, 5, 2), "int32")])


def _feed() -> list[Array]:
    random = np.random.default_rng(1)
    return [random.integers(-1, 5, (N_SAMPLES, 1, 5, 2)).astype(np.int32)]


CASES = (
    *(_case(f"slices, {kind}", (1, 4, 3, 2), (5,), 2, kind) for kind in KINDS),
    _case("elements", (1, 4, 3), (2, 3), 3),
    _case("first axis", (4, 3), (3,), 1),
    _case("one row", (1, 4, 3), (), 2),
    Case("gather_nd/computed", _computed, feed=_feed),
)


def scalar(op: Op) -> Array:
    """A row names the first part of the place in x."""
    x, indices = op.x

    def place(at: Shape) -> Shape:
        row = indices[at[: indices.ndim - 1]].tolist()
        first = tuple(min(max(i, 0), n - 1) for i, n in zip(row, x.shape, strict=False))
        return (*first, *at[indices.ndim - 1 :])

    return gather(op.out.shape, x, place)
