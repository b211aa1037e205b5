# SPDX-License-Identifier: Apache-2.0
"""Cases of cumsum."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import SUMS_REORDERED, Array, Case, Net, quant
from cases._scalar import INT32_MIN, Op, divide_by_pot, high_mul, quantize_multiplier, scale, zero
from iseul.graph.ir import DType

_SHAPE = (1, 3, 5, 4)
_START = {"fake_quantize": "the reference's sums start at integer 0, not at real 0"}
_WRAPS = {"fake_quantize": "the reference's sums wrap around"}


def _int8(
    what: str,
    a: tuple[float, int],
    b: tuple[float, int],
    shape: tuple[int, ...] = _SHAPE,
    **attrs: Any,
) -> Case:
    skips = attrs.pop("skips", _START if a[1] else {})

    def build(net: Net) -> str:
        return net.node("cumsum", [net.int8(shape, *a)], quant=quant(*b), **attrs)

    return Case(f"cumsum/{what}", build, skips=skips)


def _plain(what: str, kind: DType, tolerance: float = 0.0, **attrs: Any) -> Case:
    def build(net: Net) -> str:
        return net.node("cumsum", [net.input("x", _SHAPE, kind)], **attrs)

    return Case(f"cumsum/{what}", build, tolerance, SUMS_REORDERED if tolerance else "")


CASES = (
    _int8("int8", (0.05, 0), (0.2, -3), axis=2),
    _int8("int8, zero point", (0.05, 7), (0.2, -3), axis=1),
    _int8("int8, zero point 127, exclusive", (0.05, 127), (0.4, 127), axis=-1, exclusive=True),
    _int8("int8, reverse", (0.05, -128), (0.4, -128), axis=-1, reverse=True),
    _int8("int8, exclusive, reverse", (0.05, 0), (0.4, 9), axis=2, exclusive=True, reverse=True),
    _int8("int8, saturates", (0.5, 0), (0.1, 0), axis=2),
    _int8("int8, fine output", (0.5, 0), (2e-6, 0), axis=2),
    _int8("int8, sums wrap around", (0.05, 0), (3.0, 0), (1, 60), skips=_WRAPS),
    _int8("int8, axis 0", (0.05, 0), (0.2, 0), (5, 3), axis=0),
    _plain("int32", "int32", axis=1),
    _plain("int32, exclusive, reverse", "int32", axis=3, exclusive=True, reverse=True),
    _plain("float", "float32", 1e-5, axis=2),
    _plain("float, exclusive", "float32", 1e-5, axis=1, exclusive=True),
    _plain("float, exclusive, reverse", "float32", 1e-5, axis=-1, exclusive=True, reverse=True),
)


def scalar(op: Op) -> Array:
    x, axis = op.x[0], op.attrs.axis % op.x[0].ndim
    result = np.zeros(op.out.shape, object)
    others = (*x.shape[:axis], *x.shape[axis + 1 :])
    for place in np.ndindex(*others):
        places = [(*place[:axis], i, *place[axis:]) for i in range(x.shape[axis])]
        places = places[::-1] if op.attrs.reverse else places
        sums = _row(op, [x[at].item() for at in places])
        for at, total in zip(places, sums, strict=True):
            result[at] = total
    return result


def _wrap(x: int) -> int:
    return (x - INT32_MIN) % (1 << 32) + INT32_MIN


def _row(op: Op, row: list[Any]) -> list[Any]:
    """Sums of one row."""
    if op.out.dtype != "int8":
        total, sums = 0, []
        for x in row:
            after = total + x if op.real else _wrap(total + x)
            sums.append(total if op.attrs.exclusive else after)
            total = after
        return sums
    s_in, s_out = scale(op.values[0]), scale(op.out)
    first = quantize_multiplier(s_in / (2 * s_in))
    last = quantize_multiplier(2 * s_in / ((1 << 20) * s_out))
    offset = -zero(op.values[0])

    def smaller(x: int, pair: tuple[int, int]) -> int:
        return divide_by_pot(high_mul(x, pair[0]), -pair[1])

    total, sums = smaller(offset << 20, first), []
    for q in row:
        after = _wrap(total + smaller((offset + q) << 20, first))
        shown = total if op.attrs.exclusive else after
        sums.append(min(max(smaller(shown, last) + zero(op.out), -128), 127))
        total = after
    return sums
