# SPDX-License-Identifier: Apache-2.0
"""Cases of broadcast_to."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op


def _case(what: str, before: tuple[int, ...], after: tuple[int, ...], kind: str = "int8") -> Case:
    def build(net: Net) -> str:
        return net.node("broadcast_to", [value(net, before, kind)], shape=after)

    return Case(f"broadcast_to/{what}", build)


CASES = (
    *(_case(f"rows and channels, {kind}", (1, 1, 3, 1), (1, 2, 3, 4), kind) for kind in KINDS),
    _case("columns", (1, 2, 1, 4), (1, 2, 5, 4)),
    _case("batch axis", (1, 3), (4, 3)),
    _case("new axes", (3,), (1, 2, 3)),
    _case("a scalar", (), (2, 3), "float32"),
    _case("nothing", (1, 3, 2), (1, 3, 2)),
    _case("five axes", (1, 2, 1, 3, 1), (1, 2, 2, 3, 2)),
)


def scalar(op: Op) -> Array:
    """Axes of size 1 have one place only."""
    x = op.x[0]

    def place(index: tuple[int, ...]) -> tuple[int, ...]:
        behind = index[len(index) - x.ndim :]
        return tuple(0 if n == 1 else i for i, n in zip(behind, x.shape, strict=True))

    return gather(op.out.shape, x, place)
