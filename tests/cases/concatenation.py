# SPDX-License-Identifier: Apache-2.0
"""Cases of concatenation."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, fixed, value
from cases._scalar import Op


def _case(
    what: str, axis: int, *shapes: tuple[int, ...], kind: str = "int8", constant: bool = False
) -> Case:
    def build(net: Net) -> str:
        names = [value(net, shape, kind, f"x{i}") for i, shape in enumerate(shapes)]
        if constant:
            names.insert(1, fixed(net, shapes[0], kind))
        return net.node("concatenation", names, axis=axis)

    return Case(f"concatenation/{what}", build)


def _repeated(net: Net) -> str:
    x = value(net, (1, 3, 2))
    return net.node("concatenation", [x, x, x], axis=2)


CASES = (
    *(_case(f"channels, {kind}", -1, (1, 2, 3, 3), (1, 2, 3, 5), kind=kind) for kind in KINDS),
    _case("rows", 1, (1, 2, 3, 3), (1, 1, 3, 3), (1, 4, 3, 3)),
    _case("batch axis", 0, (1, 4), (2, 4)),
    _case("one input", 1, (1, 4)),
    _case("twelve inputs", 1, *[(1, n) for n in range(1, 13)]),
    _case("with a constant", 2, (1, 2, 3), (1, 2, 3), constant=True),
    _case("with a constant, int64", 2, (1, 2, 3), (1, 2, 3), kind="int64", constant=True),
    _case("vectors", 0, (3,), (4,), kind="int32"),
    Case("concatenation/one value thrice", _repeated),
)


def scalar(op: Op) -> Array:
    """The elements of one input behind the other along the axis."""
    axis = op.attrs.axis % len(op.out.shape)
    result = np.zeros(op.out.shape, object)
    begin = 0
    for x in op.x:
        for place in np.ndindex(x.shape):
            at = list(place)
            at[axis] += begin
            result[tuple(at)] = x[place].item()
        begin += x.shape[axis]
    return result
