# SPDX-License-Identifier: Apache-2.0
"""Cases of batch_matmul, and its scalar text."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import SUMS_REORDERED, Case, Net, balanced, quant
from cases._scalar import Array, Op, multiply, multiply_wide, quantize_multiplier, scale, zero
from cases._scalar import clamp as clamped

Shape = tuple[int, ...]


def _case(
    what: str,
    a: Shape,
    b: Shape,
    kind: str = "int8",
    zeros: tuple[int, int, int] = (3, -7, -5),
    constant: bool = False,
    scale_out: float | None = None,
    **attrs: Any,
) -> Case:
    """constant: the second operand is one."""
    depth = a[-2] if attrs.get("adj_x") else a[-1]

    def build(net: Net) -> str:
        if kind == "float32":
            left = net.input("a", a)
            right = net.reals("b", b, 0.3) if constant else net.input("b", b)
            return net.node("batch_matmul", [left, right], **attrs)
        scales = (0.05, 0.01) if kind == "int8" else (1e-3, 2e-4)
        za, zb, zy = zeros if kind == "int8" else (0, 0, 0)
        left = net.input("a", a, kind, quant(scales[0], za))
        if constant:
            data = net.random.integers(-127, 127, b, endpoint=True).astype(kind)
            right = net.constant("b", data, quant=quant(scales[1], zb))
        else:
            right = net.input("b", b, kind, quant(scales[1], zb))
        wide = balanced(depth, *scales) * (1 if kind == "int8" or constant else 256)
        return net.node("batch_matmul", [left, right], quant=quant(scale_out or wide, zy), **attrs)

    name = f"batch_matmul/{what}"
    if kind == "float32":
        return Case(name, build, 2e-5, SUMS_REORDERED)
    return Case(name, build)


CASES = (
    _case("two matrices", (1, 4, 7), (1, 7, 5)),
    _case("a row by a matrix", (1, 1, 9), (1, 9, 4)),
    _case("the first swapped", (1, 7, 4), (1, 7, 5), adj_x=True),
    _case("the second swapped", (1, 4, 7), (1, 5, 7), adj_y=True),
    _case("both swapped", (1, 7, 3), (1, 5, 7), adj_x=True, adj_y=True),
    _case("heads", (1, 3, 4, 6), (1, 3, 6, 5)),
    _case("a matrix for all heads", (1, 3, 4, 6), (1, 1, 6, 5)),
    _case("a constant matrix", (1, 3, 4, 6), (6, 5), constant=True),
    _case("rows by a constant", (1, 6), (6, 5), constant=True, adj_y=False),
    _case("broadcast to and fro", (1, 2, 1, 3, 2, 4), (1, 1, 2, 1, 4, 3)),
    _case("one value", (1, 1, 1), (1, 1, 1)),
    _case("zero points at the ends", (1, 3, 5), (1, 5, 4), zeros=(-128, 127, 127)),
    _case("saturates, relu", (1, 3, 5), (1, 5, 4), scale_out=1e-3, activation="relu"),
    _case("multiplier above 1", (1, 2, 2), (1, 2, 3), scale_out=2e-4),
    _case("int16", (1, 3, 4, 6), (1, 3, 6, 5), "int16"),
    _case("int16 swapped, relu6", (1, 5, 9), (1, 4, 9), "int16", adj_y=True, activation="relu6"),
    _case("int16 sums of 64 bits", (1, 2, 40), (1, 40, 2), "int16"),
    _case("int16 a constant matrix", (1, 4, 6), (6, 5), "int16", constant=True),
    _case("float", (1, 3, 4, 6), (1, 3, 6, 5), "float32"),
    _case(
        "float both swapped, relu6",
        (1, 7, 3),
        (1, 5, 7),
        "float32",
        adj_x=True,
        adj_y=True,
        activation="relu6",
    ),
    _case("float a constant matrix", (1, 4, 6), (6, 5), "float32", constant=True),
)


def scalar(op: Op) -> Array:
    """The reference, for each output."""
    a, b = (x.astype(object) for x in op.x)
    a = np.swapaxes(a, -1, -2) if op.attrs.adj_x else a
    b = np.swapaxes(b, -1, -2) if op.attrs.adj_y else b
    leading = op.out.shape[:-2]
    a = np.broadcast_to(a, (*leading, *a.shape[-2:]))
    b = np.broadcast_to(b, (*leading, *b.shape[-2:]))
    za, zb = (zero(value) for value in op.values)
    result = np.zeros(op.out.shape)
    for place in np.ndindex(op.out.shape):
        *batch, i, j = place
        left, right = a[(*batch, i)].tolist(), b[tuple(batch)][:, j].tolist()
        total = sum((x - za) * (y - zb) for x, y in zip(left, right, strict=True))
        if not op.real:
            product = float(np.float32(scale(op.values[0])) * np.float32(scale(op.values[1])))
            pair = quantize_multiplier(product / scale(op.out))
            way = multiply_wide if op.out.dtype == "int16" else multiply
            total = way(total, *pair) + zero(op.out)
        result[place] = clamped(total, op.attrs.activation, op.out)
    return result
