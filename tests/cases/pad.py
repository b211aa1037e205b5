# SPDX-License-Identifier: Apache-2.0
"""Cases of pad."""

from __future__ import annotations

from cases._case import Case, Net
from cases._moves import KINDS, value

_SHAPE = (1, 3, 4, 3)
_IMAGE = ((0, 0), (1, 2), (0, 3), (0, 0))


def _case(
    what: str,
    pads: tuple[tuple[int, int], ...],
    *,
    value: float = 0.0,
    zero: int = -7,
    shape: tuple[int, ...] = _SHAPE,
    kind: str = "int8",
) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", shape) if kind == "float32" else net.int8(shape, 0.05, zero)
        return net.node("pad", [x], pads=pads, value=value)

    return Case(f"pad/{what}", build)


def _of_kind(
    what: str, kind: str, pads: tuple[tuple[int, int], ...] = _IMAGE, border: float = 0.0
) -> Case:
    def build(net: Net) -> str:
        shape = _SHAPE[: len(pads)]
        return net.node("pad", [value(net, shape, kind)], pads=pads, value=border)

    return Case(f"pad/{what}, {kind}", build)


CASES = (
    _case("rows and columns", _IMAGE),
    _case("zero point -128", _IMAGE, zero=-128),
    _case("channels", ((0, 0), (0, 0), (1, 0), (2, 5))),
    _case("nothing", ((0, 0), (0, 0), (0, 0), (0, 0))),
    _case("another value", _IMAGE, value=1.26),
    _case("a value that saturates", _IMAGE, value=-100.0),
    _case("two axes", ((0, 0), (3, 1)), shape=(1, 9)),
    _case("float", _IMAGE, kind="float32"),
    *(_of_kind("image", kind) for kind in KINDS),
    _of_kind("another value", "int16", border=-0.5),
    _of_kind("another value", "int32", border=-70000.0),
    _of_kind("another value", "int64", border=2.0**40),
    _of_kind("another value", "bool", border=1.0),
    _of_kind("batch axis", "int8", ((1, 2), (0, 1))),
    _of_kind("batch axis", "float32", ((0, 1),) * 4),
    _case("float another value", _IMAGE, value=-1.5, kind="float32"),
)
