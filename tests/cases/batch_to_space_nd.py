# SPDX-License-Identifier: Apache-2.0
"""Cases of batch_to_space_nd."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op

Pads = tuple[tuple[int, int], ...]


def _case(
    what: str, shape: tuple[int, ...], block: tuple[int, ...], crops: Pads, kind: str = "int8"
) -> Case:
    def build(net: Net) -> str:
        return net.node("batch_to_space_nd", [value(net, shape, kind)], block=block, crops=crops)

    return Case(f"batch_to_space_nd/{what}", build)


CASES = (
    *(
        _case(f"two by three, {kind}", (6, 2, 3, 3), (2, 3), ((0, 0), (1, 3)), kind)
        for kind in KINDS
    ),
    _case("crops off the grid", (4, 3, 3, 2), (2, 2), ((2, 1), (1, 1))),
    _case("two samples", (8, 1, 2, 1), (2, 2), ((0, 0), (0, 0))),
    _case("a signal", (3, 3, 3), (3,), ((1, 1),)),
    _case("one by one", (1, 2, 3, 2), (1, 1), ((0, 0), (0, 0))),
)


def scalar(op: Op) -> Array:
    """Each pixel comes from the sample of its place in a block."""
    a, x, m = op.attrs, op.x[0], len(op.attrs.block)

    def place(index: tuple[int, ...]) -> tuple[int, ...]:
        sample, at = 0, []
        for i, b, (before, _) in zip(index[1 : m + 1], a.block, a.crops, strict=True):
            sample = sample * b + (i + before) % b
            at.append((i + before) // b)
        return (sample * op.out.shape[0] + index[0], *at, *index[m + 1 :])

    return gather(op.out.shape, x, place)
