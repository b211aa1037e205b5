# SPDX-License-Identifier: Apache-2.0
"""Cases of slice."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op

Numbers = tuple[int, ...]


def _case(
    what: str,
    shape: Numbers,
    begin: Numbers,
    size: Numbers,
    stride: Numbers = (),
    kind: str = "int8",
) -> Case:
    def build(net: Net) -> str:
        x = value(net, shape, kind)
        return net.node("slice", [x], begin=begin, size=size, stride=stride)

    return Case(f"slice/{what}", build)


_IMAGE = (1, 5, 6, 3)

CASES = (
    *(_case(f"a window, {kind}", _IMAGE, (0, 1, 2, 0), (1, 3, 4, 3), kind=kind) for kind in KINDS),
    *(
        _case(f"every other, {kind}", _IMAGE, (0, 0, 1, 0), (1, 3, 3, 3), (1, 2, 2, 1), kind)
        for kind in ("int8", "int16", "float32")
    ),
    _case("one channel", _IMAGE, (0, 0, 0, 1), (1, 5, 6, 1)),
    _case("every other channel", _IMAGE, (0, 0, 0, 0), (1, 5, 6, 2), (1, 1, 1, 2)),
    _case("backwards", _IMAGE, (0, 4, 5, 0), (1, 5, 6, 3), (1, -1, -1, 1)),
    _case("channels backwards by two", _IMAGE, (0, 0, 0, 2), (1, 5, 6, 2), (1, 1, 1, -2)),
    _case("first rows", _IMAGE, (0, 0, 0, 0), (1, 2, 6, 3)),
    _case("everything", _IMAGE, (0, 0, 0, 0), _IMAGE),
    _case("batch axis", (4, 3), (1, 0), (2, 3)),
    _case("batch axis backwards", (1, 3), (0, 2), (1, 3), (-1, -1)),
    _case("a vector", (7,), (1,), (3,), (2,), "int32"),
    _case("five axes", (1, 3, 4, 2, 3), (0, 1, 1, 0, 1), (1, 2, 2, 2, 2), (1, 1, 2, 1, 1)),
)


def scalar(op: Op) -> Array:
    """Element i of an axis is element begin + i * stride."""
    a = op.attrs
    stride = a.stride or (1,) * len(a.begin)

    def place(index: Numbers) -> Numbers:
        return tuple(b + i * s for b, i, s in zip(a.begin, index, stride, strict=True))

    return gather(op.out.shape, op.x[0], place)
