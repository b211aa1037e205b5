# SPDX-License-Identifier: Apache-2.0
"""Cases of pack."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, fixed, value
from cases._scalar import Op


def _case(
    what: str,
    axis: int,
    n: int,
    shape: tuple[int, ...],
    kind: str = "int8",
    constant: bool = False,
) -> Case:
    def build(net: Net) -> str:
        names = [value(net, shape, kind, f"x{i}") for i in range(n)]
        if constant:
            names.append(fixed(net, shape, kind))
        return net.node("pack", names, axis=axis)

    return Case(f"pack/{what}", build)


CASES = (
    *(_case(f"middle axis, {kind}", 1, 3, (1, 4, 5), kind) for kind in KINDS),
    _case("last axis", -1, 4, (1, 3, 2)),
    _case("first axis", 0, 2, (1, 3)),
    _case("one input", 1, 1, (1, 3)),
    _case("scalars", 0, 3, (), "int32"),
    _case("with a constant", 2, 2, (1, 3), "float32", constant=True),
)


def scalar(op: Op) -> Array:
    """Input i is what stands at index i of the new axis."""
    axis = op.attrs.axis % len(op.out.shape)
    result = np.zeros(op.out.shape, object)
    for place in np.ndindex(op.out.shape):
        rest = place[:axis] + place[axis + 1 :]
        result[place] = op.x[place[axis]][rest].item()
    return result
