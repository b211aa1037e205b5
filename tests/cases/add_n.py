# SPDX-License-Identifier: Apache-2.0
"""Cases of add_n."""

from __future__ import annotations

import numpy as np

from cases._binaries import SHAPE, Quant, numbers, sum_of_all
from cases._case import Case, Net, quant
from cases._scalar import Op

_BEGINS = {"fake_quantize": "the reference begins its sums with -zero_point, not with 0"}


def _case(
    what: str,
    n: int,
    kind: str = "int8",
    given: Quant = (0.05, -7),
    out: Quant = (0.1, 3),
    constant: int = -1,
) -> Case:
    """n inputs, of which the one at position `constant` is one."""

    def build(net: Net) -> str:
        first, last = (None if kind == "float32" else quant(*q) for q in (given, out) if q)
        values = [
            net.constant(f"x{i}", numbers(net, kind, SHAPE), quant=first)
            if i == constant
            else net.input(f"x{i}", SHAPE, kind, first)
            for i in range(n)
        ]
        return net.node("add_n", values, quant=last)

    shifted = kind != "float32" and given is not None and given[1] != 0
    return Case(f"add_n/{what}", build, spread=3.0, skips=_BEGINS if shifted else {})


CASES = (
    _case("two", 2),
    _case("five", 5),
    _case("fifteen", 15, out=(0.4, 0)),
    _case("zero points at the ends", 3, given=(0.05, -128), out=(0.1, 127)),
    _case("zero point 0", 3, given=(0.05, 0)),
    _case("zero point 127", 4, given=(0.05, 127)),
    _case("output scale far smaller", 3, out=(1e-6, 4)),
    _case("output scale far larger", 3, out=(9.0, 4)),
    _case("one is constant", 3, constant=1),
    _case("float two", 2, "float32"),
    _case("float seven", 7, "float32"),
)


def scalar(op: Op) -> np.ndarray:
    return sum_of_all(op)
