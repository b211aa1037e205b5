# SPDX-License-Identifier: Apache-2.0
"""Cases of space_to_depth."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op


def _case(what: str, shape: tuple[int, ...], block: int, kind: str = "int8") -> Case:
    def build(net: Net) -> str:
        return net.node("space_to_depth", [value(net, shape, kind)], block=block)

    return Case(f"space_to_depth/{what}", build)


CASES = (
    *(_case(f"two, {kind}", (1, 4, 6, 3), 2, kind) for kind in KINDS),
    _case("three", (1, 3, 6, 2), 3),
    _case("one channel", (1, 4, 4, 1), 2),
    _case("one", (1, 3, 2, 2), 1),
    _case("two samples", (2, 2, 4, 2), 2),
)


def scalar(op: Op) -> Array:
    """A channel names row, column and channel in the block."""
    b, depth = op.attrs.block, op.x[0].shape[3]

    def place(index: tuple[int, ...]) -> tuple[int, ...]:
        n, y, x, k = index
        return n, y * b + k // depth // b, x * b + k // depth % b, k % depth

    return gather(op.out.shape, op.x[0], place)
