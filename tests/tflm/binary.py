# SPDX-License-Identifier: Apache-2.0
"""Random operations on two values or more: shapes that broadcast, every number kind."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model

Shape = tuple[int, ...]
Quant = dict[str, Any]

_FUSED = {"ADD": 11, "MUL": 21, "SUB": 28, "DIV": 29}  # number of the options that clamp


def shapes(rng: Generator, rank: int = 4, n: int = 2) -> tuple[list[Shape], Shape]:
    """Operands, some with axes of size 1 or with fewer axes, and the result."""
    full = a_shape(rng, int(rng.integers(1, rank + 1)), 5)
    if rng.random() < 0.3:
        return [full] * n, full
    found = []
    for _ in range(n):
        shape = tuple(1 if rng.random() < 0.35 else size for size in full)
        found.append(shape[int(rng.integers(len(full))) :] if rng.random() < 0.2 else shape)
    return found, tuple(np.broadcast_shapes(*found))


def a_quant(rng: Generator, dtype: str, low: float = 1e-3, high: float = 1.0) -> Quant:
    """Scale and zero point of int8 and int16; nothing for others."""
    if dtype == "int8":
        return {"scale": a_scale(rng, low, high), "zero_point": a_zero_point(rng)}
    return {"scale": a_scale(rng, low, high) / 64} if dtype == "int16" else {}


def numbers(rng: Generator, dtype: str, shape: Shape) -> np.ndarray:
    """A constant."""
    if dtype == "float32":
        return rng.normal(0, 3, shape).astype(np.float32)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def operands(
    rng: Generator, net: Model, dtype: str, found: list[Shape], quants: list[Quant]
) -> tuple[list[int], list[int]]:
    """Tensors of two operands, sometimes one of them constant; and those that are inputs."""
    constant = int(rng.integers(2)) if rng.random() < 0.4 else -1
    made = [
        net.tensor(
            shape, dtype, data=numbers(rng, dtype, shape) if i == constant else None, **quant
        )
        for i, (shape, quant) in enumerate(zip(found, quants, strict=True))
    ]
    return made, [t for i, t in enumerate(made) if i != constant]


def fused(rng: Generator, net: Model, kind: str, ins: list[int], out: int, clamps: bool) -> None:
    activation = int(rng.integers(4)) if clamps else 0
    net.operator(kind, ins, [out], {0: ("i1", activation)}, _FUSED[kind])


def arithmetic(rng: Generator, kind: str, dtype: str) -> Single:
    """ADD, SUB, MUL, SQUARED_DIFFERENCE."""
    net = Model()
    found, out = shapes(rng, 6)
    first, second = a_quant(rng, dtype), a_quant(rng, dtype)
    last: Quant = {}
    if first:
        last = a_quant(rng, dtype)
        s = max(first["scale"], second["scale"])
        if kind == "MUL":
            s = first["scale"] * second["scale"] * (100.0 if dtype == "int8" else 2e4)
        elif kind == "SQUARED_DIFFERENCE":
            s = s * s * (200.0 if dtype == "int8" else 6e4)
        last["scale"] = float(np.float32(s * np.exp(rng.normal(0, 0.8))))
    ins, inputs = operands(rng, net, dtype, found, [first, second])
    y = net.tensor(out, dtype, **last)
    if kind in _FUSED:
        # TensorFlow Lite Micro's int32 ADD ignores its activation, Iseul refuses it
        fused(rng, net, kind, ins, y, clamps=(kind, dtype) != ("ADD", "int32"))
    else:
        net.operator(kind, ins, [y])
    return Single(net, inputs, [y])


def division(rng: Generator, dtype: str) -> Single:
    """By a constant without zeros, as the reference does not look for them."""
    net = Model()
    found, out = shapes(rng)
    first, second = a_quant(rng, dtype), a_quant(rng, dtype)
    divisor = numbers(rng, dtype, found[1])
    zero = second.get("zero_point", 0)
    divisor[divisor == zero] = 7 if zero != 7 else 8
    if dtype == "int32":
        divisor = divisor >> rng.integers(0, 31, found[1], dtype=np.int32)
        divisor[divisor == 0] = 3
    last: Quant = {}
    if first:
        # the reference's shifts are defined for ratios from 128 on
        ratio = float(np.exp(rng.uniform(np.log(130.0), np.log(5e4))))
        scale = float(np.float32(first["scale"] / second["scale"] / ratio))
        last = {"scale": scale, "zero_point": a_zero_point(rng)}
    a = net.tensor(found[0], dtype, **first)
    b = net.tensor(found[1], dtype, data=divisor, **second)
    y = net.tensor(out, dtype, **last)
    fused(rng, net, "DIV", [a, b], y, clamps=True)
    return Single(net, [a], [y])


def choice(rng: Generator, kind: str, dtype: str) -> Single:
    """MINIMUM and MAXIMUM: of one quantization."""
    net = Model()
    found, out = shapes(rng, 5)
    quant = a_quant(rng, dtype)
    ins, inputs = operands(rng, net, dtype, found, [quant, quant])
    y = net.tensor(out, dtype, **quant)
    net.operator(kind, ins, [y])
    return Single(net, inputs, [y])


def comparison(rng: Generator, kind: str, dtype: str) -> Single:
    """Scales differ or not; few different numbers, so that some are equal."""
    net = Model()
    found, out = shapes(rng)
    if dtype == "bool":
        ins = [net.tensor(shape, dtype) for shape in found]
        y = net.tensor(out, "bool")
        net.operator(kind, ins, [y])
        return Single(net, ins, [y])
    first = a_quant(rng, dtype, 1e-3, 0.9)
    second = first if rng.random() < 0.4 else a_quant(rng, dtype, 1e-3, 0.9)
    a = net.tensor(found[0], dtype, **first)
    data = numbers(rng, dtype, found[1])
    b = net.tensor(found[1], dtype, data=data if rng.random() < 0.5 else None, **second)
    y = net.tensor(out, "bool")
    inputs = [a] if buffer_of(net, b) else [a, b]
    if rng.random() < 0.2 and not buffer_of(net, b):  # with itself
        b, inputs = a, [a]
        y = net.tensor(found[0], "bool")
    net.operator(kind, [a, b], [y])
    return Single(net, inputs, [y], largest=2.0)


def buffer_of(net: Model, tensor: int) -> int:
    """Number of the buffer of a tensor; 0 if it is no constant."""
    return int(net.tensors[tensor][2][1])


def logic(rng: Generator, kind: str) -> Single:
    net = Model()
    found, out = shapes(rng)
    if kind == "LOGICAL_NOT":
        found, out = found[:1], found[0]
    ins = [net.tensor(shape, "bool") for shape in found]
    y = net.tensor(out, "bool")
    net.operator(kind, ins, [y])
    return Single(net, ins, [y])


def select(rng: Generator, dtype: str) -> Single:
    net = Model()
    found, out = shapes(rng, 5, 3)
    quant = a_quant(rng, dtype)
    condition = net.tensor(found[0], "bool")
    ins, inputs = operands(rng, net, dtype, found[1:], [quant, quant])
    y = net.tensor(out, dtype, **quant)
    net.operator("SELECT_V2", [condition, *ins], [y])
    return Single(net, [condition, *inputs], [y])


def prelu(rng: Generator, dtype: str) -> Single:
    net = Model()
    shape = a_shape(rng, 4, 5)
    slope = shape if rng.random() < 0.2 else (1, 1, shape[3]) if rng.random() < 0.7 else (1,)
    first, last = a_quant(rng, dtype), a_quant(rng, dtype)
    kind = "float32" if dtype == "float32" else "int8"
    second = a_quant(rng, kind)
    alpha = numbers(rng, kind, slope) if rng.random() < 0.7 else None
    if first:
        last["scale"] = float(np.float32(first["scale"] * np.exp(rng.normal(0, 1.5))))
    x = net.tensor(shape, dtype, **first)
    b = net.tensor(slope, kind, data=alpha, **second)
    y = net.tensor(shape, dtype, **last)
    net.operator("PRELU", [x, b], [y])
    return Single(net, [x] if alpha is not None else [x, b], [y])


def add_n(rng: Generator, dtype: str) -> Single:
    net = Model()
    shape, n = a_shape(rng, int(rng.integers(1, 5)), 5), int(rng.integers(2, 7))
    quant = a_quant(rng, dtype)
    last = a_quant(rng, dtype)
    if quant:
        last["scale"] = float(np.float32(quant["scale"] * n**0.5 * np.exp(rng.normal(0, 1))))
    ins = [net.tensor(shape, dtype, **quant) for _ in range(n)]
    y = net.tensor(shape, dtype, **last)
    net.operator("ADD_N", ins, [y])
    return Single(net, ins, [y])


def floor(rng: Generator, kind: str) -> Single:
    """Divisors of every size, none of them 0."""
    net = Model()
    found, out = shapes(rng)
    divisor = np.exp(rng.uniform(-60, 60, found[1])) * rng.choice([-1.0, 1.0], found[1])
    a = net.tensor(found[0], "float32")
    b = net.tensor(found[1], "float32", data=divisor.astype(np.float32))
    y = net.tensor(out, "float32")
    net.operator(kind, [a, b], [y])
    return Single(net, [a], [y], largest=float(np.exp(rng.uniform(-10, 50))))


_COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
_NAMES = {"float32": "float"}


def _name(kind: str, dtype: str) -> str:
    return f"{kind.lower()} {_NAMES.get(dtype, dtype)}"


CASES: dict[str, Callable[[Generator], Single]] = {
    **{
        _name(kind, dtype): partial(arithmetic, kind=kind, dtype=dtype)
        for kind in ("ADD", "SUB", "MUL", "SQUARED_DIFFERENCE")
        for dtype in ("int8", "int16", "int32", "float32")
    },
    **{
        _name("DIV", dtype): partial(division, dtype=dtype)
        for dtype in ("int8", "int32", "float32")
    },
    **{
        _name(kind, dtype): partial(choice, kind=kind, dtype=dtype)
        for kind in ("MINIMUM", "MAXIMUM")
        for dtype in ("int8", "int16", "int32", "int64", "float32")
    },
    **{
        _name(kind, dtype): partial(comparison, kind=kind, dtype=dtype)
        for kind in _COMPARISONS
        for dtype in ("int8", "int32", "int64", "float32")
    },
    **{
        _name(kind, "bool"): partial(comparison, kind=kind, dtype="bool")
        for kind in _COMPARISONS[:2]
    },
    **{
        kind.lower(): partial(logic, kind=kind)
        for kind in ("LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT")
    },
    **{
        _name("SELECT_V2", dtype): partial(select, dtype=dtype)
        for dtype in ("int8", "int16", "float32")
    },
    **{
        _name("PRELU", dtype): partial(prelu, dtype=dtype) for dtype in ("int8", "int16", "float32")
    },
    **{_name("ADD_N", dtype): partial(add_n, dtype=dtype) for dtype in ("int8", "float32")},
    **{kind.lower(): partial(floor, kind=kind) for kind in ("FLOOR_DIV", "FLOOR_MOD")},
}
