# SPDX-License-Identifier: Apache-2.0
"""The cases of arg_max and arg_min, and their scalar text."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net, quant
from cases._scalar import Op
from iseul.graph.ir import DType

_SHAPE = (1, 3, 5, 4)


def args(op: str) -> tuple[Case, ...]:
    """The cases of one of them."""

    def case(
        what: str, kind: DType, axis: int, shape: tuple[int, ...] = _SHAPE, last: DType = "int32"
    ) -> Case:
        def build(net: Net) -> str:
            scale = quant(0.1, 3) if kind == "int8" else quant(0.1) if kind == "int16" else None
            x = net.input("x", shape, kind, scale)
            return net.node(op, [x], dtype=last, axis=axis)

        return Case(f"{op}/{what}", build)

    def equals(net: Net) -> str:
        return net.node(op, [net.input("x", (1, 9))], dtype="int32")

    same = np.array([[[2, 1, 3, 1, 3, 1, 3, 2, 2]], [[0, -0.0, 0, 0, 0, 0, 0, 0, 0]]], np.float32)
    return (
        case("int8", "int8", -1),
        case("int8, axis 1", "int8", 1),
        case("int8, axis -2, int64", "int8", -2, last="int64"),
        case("int8, axis 0", "int8", 0, (5, 3)),
        case("int8, one axis", "int8", 0, (11,)),
        case("int8, one value", "int8", 1, (2, 1, 3)),
        case("int16", "int16", 2),
        case("int32", "int32", -1),
        case("float", "float32", -1),
        case("float, axis 1, int64", "float32", 1, last="int64"),
        Case(f"{op}/the first of equals", equals, feed=lambda: [same]),
    )


def scalar(op: Op) -> Array:
    x, axis = op.x[0], op.attrs.axis % op.x[0].ndim
    result = np.zeros(op.out.shape)
    for place in np.ndindex(op.out.shape):
        row = [x[(*place[:axis], i, *place[axis:])].item() for i in range(x.shape[axis])]
        best = max(row) if op.node.op == "arg_max" else min(row)
        result[place] = row.index(best)
    return result
