# SPDX-License-Identifier: Apache-2.0
"""Cases of gather."""

from __future__ import annotations

import numpy as np

from cases._case import N_SAMPLES, Array, Case, Net, Shape
from cases._moves import KINDS, fixed, gather, value
from cases._scalar import Op


def _chosen(net: Net, shape: Shape, n: int, kind: str = "int32") -> Array:
    """Random indices, two of them beyond the axis."""
    data = net.random.integers(0, n, shape)
    data.reshape(-1)[:2] = (-3, n + 5)[: data.size]
    return data.astype(kind)


def _case(
    what: str,
    shape: Shape,
    indices: Shape,
    axis: int,
    kind: str = "int8",
    index: str = "int32",
) -> Case:
    """Constant indices."""

    def build(net: Net) -> str:
        chosen = net.constant("indices", _chosen(net, indices, shape[axis], index))
        return net.node("gather", [value(net, shape, kind), chosen], axis=axis)

    return Case(f"gather/{what}", build)


def _computed(
    what: str,
    shape: Shape,
    indices: Shape,
    axis: int = 0,
    *,
    batch_dims: int = 0,
    table: bool = False,
    index: str = "int32",
) -> Case:
    """Indices are an input; x too, or a constant table."""

    def build(net: Net) -> str:
        x = fixed(net, shape, name="x") if table else value(net, shape)
        chosen = net.input("indices", indices, index)  # type: ignore[arg-type]
        return net.node("gather", [x, chosen], axis=axis, batch_dims=batch_dims)

    def feed() -> list[Array]:
        random = np.random.default_rng(len(what))
        n = shape[axis]
        found = random.integers(-1, n + 1, (N_SAMPLES, *indices)).astype(index)
        x = random.integers(-128, 128, (N_SAMPLES, *shape)).astype(np.int8)
        return [found] if table else [x, found]

    return Case(f"gather/{what}", build, feed=feed)


CASES = (
    *(_case(f"rows, {kind}", (1, 5, 2, 3), (4,), 1, kind) for kind in KINDS),
    _case("channels", (1, 2, 3, 5), (3,), -1),
    _case("a matrix of indices", (1, 5, 3), (2, 2), 1, index="int64"),
    _case("a scalar index", (1, 5, 3), (), 1),
    _case("batch axis", (4, 3), (2,), 0),
    _computed("words", (7, 4), (1, 5), table=True),
    _computed("words by int64", (7, 4), (1, 5), table=True, index="int64"),
    _computed("computed", (1, 5, 3), (4,), 1),
    _computed("batch dims", (1, 5, 3), (1, 4), 1, batch_dims=1),
    _computed("batch dims and an axis between", (1, 2, 5, 3), (1, 4), 2, batch_dims=1),
    _computed("two batch dims", (1, 3, 5), (1, 3, 2), 2, batch_dims=2),
)


def scalar(op: Op) -> Array:
    """The place in x: the axis' place is an index, looked up and clamped."""
    x, indices = op.x
    axis, b = op.attrs.axis % x.ndim, op.attrs.batch_dims
    n = indices.ndim - b

    def place(at: Shape) -> Shape:
        index = int(indices[(*at[:b], *at[axis : axis + n])])
        return (*at[:axis], min(max(index, 0), x.shape[axis] - 1), *at[axis + n :])

    return gather(op.out.shape, x, place)
