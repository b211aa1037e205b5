# SPDX-License-Identifier: Apache-2.0
"""Cases of depth_to_space."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op


def _case(
    what: str, shape: tuple[int, ...], block: int, kind: str = "int8", mode: str = "dcr"
) -> Case:
    def build(net: Net) -> str:
        x = value(net, shape, kind)
        return net.node("depth_to_space", [x], block=block, mode=mode)

    return Case(f"depth_to_space/{what}", build)


CASES = (
    *(_case(f"two, {kind}", (1, 2, 3, 12), 2, kind) for kind in KINDS),
    _case("three", (1, 1, 2, 18), 3),
    _case("one channel", (1, 2, 2, 4), 2),
    _case("crd", (1, 2, 3, 12), 2, mode="crd"),
    _case("crd, float", (1, 2, 1, 18), 3, "float32", "crd"),
    _case("two samples", (2, 2, 1, 8), 2),
)


def scalar(op: Op) -> Array:
    """Row and column in the block and the channel there make a channel of the input."""
    b, depth = op.attrs.block, op.out.shape[3]

    def place(index: tuple[int, ...]) -> tuple[int, ...]:
        n, y, x, c = index
        i, j = y % b, x % b
        dcr = op.attrs.mode == "dcr"
        return n, y // b, x // b, (i * b + j) * depth + c if dcr else (c * b + i) * b + j

    return gather(op.out.shape, op.x[0], place)
