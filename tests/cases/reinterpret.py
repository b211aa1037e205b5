# SPDX-License-Identifier: Apache-2.0
"""Cases of reinterpret."""

from __future__ import annotations

from cases._case import Array, Case, Net, quant
from cases._scalar import Op
from iseul.graph.ops.reinterpret import attributes


def _case(what: str, kind: str, scales: tuple[float, float], zeros: tuple[int, int]) -> Case:
    def build(net: Net) -> str:
        first, last = (quant(s, z) for s, z in zip(scales, zeros, strict=True))
        x = net.input("x", (1, 3, 5), kind, first)  # type: ignore[arg-type]
        return net.node("reinterpret", [x], quant=last, **attributes(first, last))

    return Case(f"reinterpret/{what}", build)


CASES = (
    _case("a larger scale", "int8", (0.05, 0.2), (-7, -7)),
    _case("another zero point", "int8", (0.05, 0.05), (-128, 127)),
    _case("both", "int8", (0.05, 0.003), (3, -9)),
    _case("int16", "int16", (0.001, 0.003), (0, 0)),
    _case("the same", "int8", (0.05, 0.05), (4, 4)),
)


def scalar(op: Op) -> Array:
    """The integers."""
    return op.x[0]
