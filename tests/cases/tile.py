# SPDX-License-Identifier: Apache-2.0
"""Cases of tile."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op


def _case(
    what: str, shape: tuple[int, ...], multiples: tuple[int, ...], kind: str = "int8"
) -> Case:
    def build(net: Net) -> str:
        return net.node("tile", [value(net, shape, kind)], multiples=multiples)

    return Case(f"tile/{what}", build)


CASES = (
    *(_case(f"rows and channels, {kind}", (1, 2, 3, 2), (1, 2, 1, 3), kind) for kind in KINDS),
    _case("batch axis", (1, 3), (3, 1)),
    _case("nothing", (1, 3, 2), (1, 1, 1)),
    _case("sizes of one", (1, 1, 1, 1), (1, 3, 2, 4)),
    _case("all axes", (1, 2, 3, 2), (2, 3, 2, 2), "int16"),
    _case("a vector", (3,), (4,), "int32"),
)


def scalar(op: Op) -> Array:
    """Places count round and round."""
    x = op.x[0]
    return gather(
        op.out.shape, x, lambda index: tuple(i % n for i, n in zip(index, x.shape, strict=True))
    )
