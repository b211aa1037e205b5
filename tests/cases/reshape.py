# SPDX-License-Identifier: Apache-2.0
"""Cases of reshape."""

from __future__ import annotations

from cases._case import Case, Net


def _case(what: str, before: tuple[int, ...], after: tuple[int, ...], kind: str = "int8") -> Case:
    def build(net: Net) -> str:
        x = net.input("x", before) if kind == "float32" else net.int8(before, 0.05, 4)
        return net.node("reshape", [x], shape=after)

    return Case(f"reshape/{what}", build)


CASES = (
    _case("flattens", (1, 3, 4, 5), (1, 60)),
    _case("rest", (1, 3, 4, 5), (1, -1)),
    _case("rest in the middle", (1, 30), (1, -1, 5)),
    _case("rest on the batch axis", (1, 3, 4), (-1, 12)),
    _case("splits", (1, 24), (1, 2, 3, 4)),
    _case("float", (1, 3, 4, 5), (1, 12, 5), "float32"),
)
