# SPDX-License-Identifier: Apache-2.0
"""Cases of transpose."""

from __future__ import annotations

from cases._case import Array, Case, Net
from cases._moves import KINDS, gather, value
from cases._scalar import Op


def _case(what: str, shape: tuple[int, ...], perm: tuple[int, ...], kind: str = "int8") -> Case:
    def build(net: Net) -> str:
        return net.node("transpose", [value(net, shape, kind)], perm=perm)

    return Case(f"transpose/{what}", build)


CASES = (
    *(_case(f"to channels first, {kind}", (1, 3, 4, 5), (0, 3, 1, 2), kind) for kind in KINDS),
    _case("to channels last", (1, 5, 3, 4), (0, 2, 3, 1)),
    _case("rows and columns", (1, 7, 5, 3), (0, 2, 1, 3)),
    _case("rows and columns, float", (1, 7, 5, 3), (0, 2, 1, 3), "float32"),
    _case("batch axis moves", (1, 4, 3), (1, 0, 2)),
    _case("nothing", (1, 4, 3), (0, 1, 2)),
    _case("only sizes of one", (1, 4, 1, 3), (0, 2, 1, 3)),
    _case("two axes", (3, 4), (1, 0)),
    _case("one axis", (5,), (0,)),
    _case("all reversed", (1, 2, 3, 4, 2), (4, 3, 2, 1, 0)),
    _case("six axes", (1, 2, 3, 2, 2, 3), (0, 5, 2, 4, 1, 3), "int16"),
    _case("eight axes", (1, 2, 1, 3, 2, 2, 1, 2), (0, 7, 3, 2, 5, 1, 4, 6)),
)


def scalar(op: Op) -> Array:
    """Element by element: axis i of the place in the output is axis perm[i] of that in x."""
    perm = op.attrs.perm

    def place(index: tuple[int, ...]) -> tuple[int, ...]:
        found = [0] * len(index)
        for i, axis in enumerate(perm):
            found[axis] = index[i]
        return tuple(found)

    return gather(op.out.shape, op.x[0], place)
