# SPDX-License-Identifier: Apache-2.0
"""Random operations along one axis."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model

if TYPE_CHECKING:
    from tflm import Make


def arg(rng: Generator, kind: str, dtype: str) -> Single:
    net, rank = Model(), int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 7)
    axis = int(rng.integers(-rank, rank))
    quant = {"scale": a_scale(rng), "zero_point": a_zero_point(rng)} if dtype == "int8" else {}
    x = net.tensor(shape, dtype, **quant)
    at = net.tensor((), "int32", data=axis)
    left = tuple(size for i, size in enumerate(shape) if i != axis % rank)
    y = net.tensor(left, "int32")
    net.operator(kind, [x, at], [y], {0: ("i1", 2)}, {"ARG_MAX": 40, "ARG_MIN": 57}[kind])
    return Single(net, [x], [y])


def cumsum(rng: Generator, dtype: str) -> Single:
    net, rank = Model(), int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 20 if rank < 3 else 6)
    x = y = 0
    if dtype == "int8":
        x = net.tensor(shape, scale=a_scale(rng), zero_point=a_zero_point(rng))
        y = net.tensor(shape, scale=a_scale(rng, 1e-3, 10), zero_point=a_zero_point(rng))
    else:
        x, y = net.tensor(shape, dtype), net.tensor(shape, dtype)
    at = net.tensor((1,), "int32", data=[int(rng.integers(-rank, rank))])
    options = {i: ("u1", int(rng.integers(2))) for i in range(2)}
    net.operator("CUMSUM", [x, at], [y], options, 102)
    return Single(net, [x], [y], 1e-6 if dtype == "float32" else 0.0)


CASES: dict[str, Make] = {
    **{
        f"{kind.lower()} {dtype}": partial(arg, kind=kind, dtype=dtype)
        for kind in ("ARG_MAX", "ARG_MIN")
        for dtype in ("float32", "int8")
    },
    **{f"cumsum {kind}": partial(cumsum, dtype=kind) for kind in ("float32", "int8")},
}
