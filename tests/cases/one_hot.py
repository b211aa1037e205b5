# SPDX-License-Identifier: Apache-2.0
"""Cases of one_hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import N_SAMPLES, Array, Case, Net, quant
from cases._scalar import Op, saturate, to_integer

Shape = tuple[int, ...]


def _case(
    what: str,
    shape: Shape,
    depth: int,
    axis: int = -1,
    kind: str = "float32",
    index: str = "int32",
    **attrs: Any,
) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", shape, index)  # type: ignore[arg-type]
        scales = quant(0.05, -7) if kind == "int8" else None
        made = {"depth": depth, "axis": axis, **attrs}
        return net.node("one_hot", [x], dtype=kind, quant=scales, **made)  # type: ignore[arg-type]

    def feed() -> list[Array]:
        """Indices from below 0 to beyond the depth."""
        random = np.random.default_rng(len(what))
        return [random.integers(-2, depth + 2, (N_SAMPLES, *shape)).astype(index)]

    return Case(f"one_hot/{what}", build, feed=feed)


CASES = (
    _case("words", (1, 5), 4),
    _case("words by int64", (1, 5), 4, index="int64"),
    _case("another axis", (1, 3, 2), 5, 1),
    _case("batch axis", (1, 4), 3, 0),
    _case("other numbers", (1, 4), 3, on=2.5, off=-1.0),
    _case("int8", (1, 4), 3, kind="int8", on=1.0),
    _case("int16", (1, 4), 3, kind="int16", on=9.0, off=-3.0),
    _case("int32", (1, 4), 3, kind="int32", on=-70000.0),
    _case("int64", (1, 4), 3, kind="int64", on=2.0**40),
    _case("bool", (1, 4), 3, kind="bool"),
    _case("bool, off is true", (1, 4), 3, kind="bool", on=0.0, off=1.0),
)


def scalar(op: Op) -> Array:
    """Place by place: is it the one that the index names?"""
    axis, a = op.attrs.axis % len(op.out.shape), op.attrs
    on, off = a.on, a.off
    if op.out.quant is not None:
        on, off = (saturate(to_integer(real, op.out), op.out) for real in (on, off))
    result = np.zeros(op.out.shape, object)
    for place in np.ndindex(op.out.shape):
        index = int(op.x[0][place[:axis] + place[axis + 1 :]])
        result[place] = on if index == place[axis] else off
    return result
