# SPDX-License-Identifier: Apache-2.0
"""Cases of select."""

from __future__ import annotations

import numpy as np

from cases._binaries import SHAPE, Quant, Shape, each, numbers
from cases._case import Case, Net, quant
from cases._scalar import Op


def _case(
    what: str,
    kind: str,
    shapes: tuple[Shape, Shape, Shape] = (SHAPE, SHAPE, SHAPE),
    given: Quant = None,
    constant: str = "",
) -> Case:
    """shapes: of the condition and both choices. constant: names of operands that are."""

    def build(net: Net) -> str:
        values = []
        for name, shape in zip("cab", shapes, strict=True):
            dtype = "bool" if name == "c" else kind
            how = quant(*given) if given and name != "c" else None
            if name in constant:
                values.append(net.constant(name, numbers(net, dtype, shape), quant=how))
            else:
                values.append(net.input(name, shape, dtype, how))
        return net.node("select", values, dtype=kind, quant=quant(*given) if given else None)

    return Case(f"select/{what}", build, spread=3.0)


_PER_CHANNEL = (1, 1, 1, 3)

CASES = (
    _case("int8", "int8", given=(0.05, -7)),
    _case("int8, choice per channel", "int8", (SHAPE, _PER_CHANNEL, SHAPE), (0.05, -7)),
    _case("condition per channel", "int8", (_PER_CHANNEL, SHAPE, SHAPE), (0.05, 127)),
    _case("all broadcast", "int8", ((1, 4, 1, 1), (1, 1, 5, 1), (1, 1, 1, 3)), (0.05, 0)),
    _case("fewer axes", "int8", ((3,), (5, 1), SHAPE), (0.05, 0), constant="a"),
    _case("two constants", "int8", (SHAPE, (), ()), (0.05, 0), constant="ab"),
    _case("constant condition", "int8", ((1, 4, 5, 1), SHAPE, ()), (0.05, 0), constant="c"),
    _case("int16", "int16", (SHAPE, SHAPE, _PER_CHANNEL), (0.001, 0)),
    _case("int32", "int32", ((7,), (7,), ())),
    _case("int64", "int64", ((1, 3, 1), (1, 3, 5), (1, 1, 5))),
    _case("bool", "bool", (SHAPE, SHAPE, _PER_CHANNEL)),
    _case("float", "float32", (SHAPE, SHAPE, _PER_CHANNEL)),
    _case("float, constants", "float32", (SHAPE, (), ()), constant="ab"),
)


def scalar(op: Op) -> np.ndarray:
    return each(op, lambda condition, a, b: a if condition else b)
