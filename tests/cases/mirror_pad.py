# SPDX-License-Identifier: Apache-2.0
"""Cases of mirror_pad."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op

Pads = tuple[tuple[int, int], ...]


def _case(
    what: str, shape: tuple[int, ...], pads: Pads, mode: str = "reflect", kind: str = "int8"
) -> Case:
    def build(net: Net) -> str:
        return net.node("mirror_pad", [value(net, shape, kind)], pads=pads, mode=mode)

    return Case(f"mirror_pad/{what}", build)


_IMAGE, _BORDER = (1, 4, 5, 3), ((0, 0), (1, 3), (2, 0), (0, 0))

CASES = (
    *(_case(f"reflect, {kind}", _IMAGE, _BORDER, kind=kind) for kind in KINDS),
    _case("symmetric", _IMAGE, ((0, 0), (4, 4), (0, 5), (0, 0)), "symmetric"),
    _case("edge", _IMAGE, ((0, 0), (6, 1), (0, 7), (0, 0)), "edge"),
    _case("channels", (1, 2, 2, 3), ((0, 0), (0, 0), (1, 0), (2, 1))),
    _case("batch axis", (2, 3), ((1, 1), (0, 2)), "symmetric"),
    _case("nothing", (1, 3), ((0, 0), (0, 0))),
    _case("a signal", (1, 7), ((0, 0), (3, 6)), kind="int16"),
)


def scalar(op: Op) -> Array:
    """A place outside comes back in: the edge itself counts once, twice, or for ever."""
    a, x = op.attrs, op.x[0]

    def inside(i: int, n: int) -> int:
        if a.mode == "edge":
            return min(max(i, 0), n - 1)
        twice = 0 if a.mode == "reflect" else 1
        if i < 0:
            return -i - twice
        return 2 * n - 2 + twice - i if i >= n else i

    return gather(
        op.out.shape,
        x,
        lambda index: tuple(
            inside(i - before, n) for i, n, (before, _) in zip(index, x.shape, a.pads, strict=True)
        ),
    )
