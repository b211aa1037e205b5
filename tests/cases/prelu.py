# SPDX-License-Identifier: Apache-2.0
"""Cases of prelu."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._binaries import SHAPE, Quant, Shape, numbers, parametric_relu
from cases._case import Case, Net, every_int8, quant
from cases._scalar import Op


def _case(
    what: str,
    kind: str = "int8",
    shapes: tuple[Shape, Shape] = (SHAPE, (1, 1, 3)),
    x: Quant = (0.05, 1),
    alpha: Quant = (0.01, 3),
    out: Quant = (0.04, -5),
    is_constant: bool = True,
    **more: Any,
) -> Case:
    def build(net: Net) -> str:
        real = kind == "float32"
        of_alpha: Any = "float32" if real else "int8"
        quants = [None if real else quant(*q) for q in (x, alpha, out) if q]
        first = net.input("x", shapes[0], kind, quants[0])
        if is_constant:
            slope = net.constant("alpha", numbers(net, of_alpha, shapes[1]), quant=quants[1])
        else:
            slope = net.input("alpha", shapes[1], of_alpha, quants[1])
        return net.node("prelu", [first, slope], quant=quants[2])

    return Case(f"prelu/{what}", build, spread=3.0, **more)


CASES = (
    _case("one slope per channel"),
    _case("one slope", shapes=((1, 9), (1,))),
    _case("slopes of every place", shapes=(SHAPE, SHAPE)),
    _case("computed slopes", shapes=(SHAPE, (1, 4, 1, 3)), is_constant=False),
    _case("all pairs of integers", shapes=((1, 256, 256), (1, 1, 256)), is_constant=False,
          feed=lambda: [np.repeat(x, 256, 3) if i == 0 else x
                        for i, x in enumerate(every_int8(1, 2)())]),
    _case("zero points at the ends", x=(0.03, -128), alpha=(0.02, 127), out=(0.06, 127)),
    _case("negative numbers only", x=(0.03, 127), alpha=(0.02, -128), out=(0.06, -128)),
    _case("shifts to the left", x=(0.5, 0), alpha=(0.5, 0), out=(0.001, 0)),
    _case("output scale far larger", out=(9.0, 4)),
    _case("int16", "int16", x=(0.001, 0), out=(0.0009, 0), alpha=(0.01, 3)),
    _case("int16, one slope", "int16", ((1, 9), (1,)), (0.001, 0), (0.01, -128), (0.01, 0)),
    _case("float", "float32"),
    _case("float, computed slopes", "float32", (SHAPE, SHAPE), is_constant=False),
)  # fmt: skip


def scalar(op: Op) -> np.ndarray:
    return parametric_relu(op)
