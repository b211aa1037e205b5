# SPDX-License-Identifier: Apache-2.0
"""Cases of unpack."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, value
from cases._scalar import Op


def _case(what: str, shape: tuple[int, ...], axis: int, kind: str = "int8") -> Case:
    def build(net: Net) -> list[str]:
        return list(net.outputs_of(net.node("unpack", [value(net, shape, kind)], axis=axis)))

    return Case(f"unpack/{what}", build)


CASES = (
    *(_case(f"middle axis, {kind}", (1, 3, 4), 1, kind) for kind in KINDS),
    _case("last axis", (1, 2, 3, 4), -1),
    _case("first axis", (3, 4), 0),
    _case("a vector", (3,), 0, "int32"),
    _case("an axis of one", (1, 1, 5), 1),
)


def scalar(op: Op) -> list[Array]:
    """Output i is what stands at index i of the axis."""
    axis, results = op.attrs.axis % len(op.x[0].shape), []
    for i, made in enumerate(op.outs):
        result = np.zeros(made.shape, object)
        for place in np.ndindex(result.shape):
            result[place] = op.x[0][(*place[:axis], i, *place[axis:])].item()
        results.append(result)
    return results
