# SPDX-License-Identifier: Apache-2.0
"""Cases of logical_not."""

from __future__ import annotations

import numpy as np

from cases._binaries import each
from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, shape: tuple[int, ...]) -> Case:
    def build(net: Net) -> str:
        return net.node("logical_not", [net.input("x", shape, "bool")])

    return Case(f"logical_not/{what}", build)


CASES = (
    _case("one axis", (7,)),
    _case("four axes", (1, 3, 2, 5)),
    _case("one value", ()),
)


def scalar(op: Op) -> np.ndarray:
    return each(op, lambda x: not x)
