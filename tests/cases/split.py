# SPDX-License-Identifier: Apache-2.0
"""Cases of split."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, value
from cases._scalar import Op


def _case(
    what: str,
    shape: tuple[int, ...],
    axis: int,
    sizes: tuple[int, ...],
    kind: str = "int8",
) -> Case:
    def build(net: Net) -> list[str]:
        first = net.node("split", [value(net, shape, kind)], axis=axis, sizes=sizes)
        return list(net.outputs_of(first))

    return Case(f"split/{what}", build)


CASES = (
    *(_case(f"channels, {kind}", (1, 2, 3, 6), 3, (2, 2, 2), kind) for kind in KINDS),
    _case("unequal rows", (1, 6, 2, 3), 1, (1, 3, 2)),
    _case("single channels", (1, 3, 3, 4), -1, (1, 1, 1, 1)),
    _case("batch axis", (3, 4), 0, (1, 2)),
    _case("one output", (1, 4), 1, (4,)),
)


def scalar(op: Op) -> list[Array]:
    """Each output goes on where the one before it ended."""
    axis, begin, results = op.attrs.axis % len(op.x[0].shape), 0, []
    for value_out in op.outs:
        result = np.zeros(value_out.shape, object)
        for place in np.ndindex(result.shape):
            at = list(place)
            at[axis] += begin
            result[place] = op.x[0][tuple(at)].item()
        results.append(result)
        begin += result.shape[axis]
    return results
