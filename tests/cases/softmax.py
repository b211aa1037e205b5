# SPDX-License-Identifier: Apache-2.0
"""Cases of softmax."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from cases import _factor as factor
from cases._case import Array, Case, Net, quant
from cases._pointwise import interpolated, sweep_int16
from cases._scalar import (
    Op,
    divide_by_pot,
    exp_negative,
    high_mul,
    multiply,
    multiply_by_pot,
    one_over_one_plus,
    quantize_multiplier,
    scale,
)


def _case(what: str, shape: tuple[int, ...], scale: float, zero: int = 0, **attrs: Any) -> Case:
    def build(net: Net) -> str:
        x = net.int8(shape, scale, zero)
        return net.node("softmax", [x], quant=quant(1 / 256, -128), **attrs)

    return Case(f"softmax/{what}", build)


def _wide(what: str, shape: tuple[int, ...], scale: float, zero: int = 0, **attrs: Any) -> Case:
    """int8 to int16."""

    def build(net: Net) -> str:
        x = net.int8(shape, scale, zero)
        out = quant(1 / 65536, -32768)
        return net.node("softmax", [x], dtype="int16", quant=out, **attrs)

    return Case(f"softmax/int8 to int16, {what}", build)


def _int16(what: str, shape: tuple[int, ...], scale: float, **attrs: Any) -> Case:
    skips = attrs.pop("skips", {})

    def build(net: Net) -> str:
        x = net.input("x", shape, "int16", quant(scale))
        return net.node("softmax", [x], quant=quant(1 / 32768), **attrs)

    return Case(f"softmax/int16, {what}", build, skips=skips)


def _steps(net: Net) -> str:
    x = net.input("x", sweep_int16()[0].shape[1:], "int16", quant(1e-4))
    return net.node("softmax", [x], quant=quant(1 / 32768))


def _float(net: Net) -> str:
    return net.node("softmax", [net.input("x", (1, 4, 11))])


def _float_beta(net: Net) -> str:
    return net.node("softmax", [net.input("x", (1, 10))], beta=0.5)


_FAR = {"fake_quantize": "the reference's integers are further than a step from the real function"}
_LIBM = "exp of the C library, numpy and torch differ in the last bits"

CASES = (
    _case("10 classes", (1, 10), 0.1),
    _case("12 classes, coarse scale", (1, 12), 0.7, 11),
    _case("2 classes", (1, 2), 0.05, -128),
    _case("1 class", (1, 1), 0.05),
    _case("511 classes", (1, 511), 0.02),
    _case("fine scale: all nearly equal", (1, 33), 1e-4),
    _case("finest scale that counts", (1, 5), 2e-8),
    _case("huge scale: only the maximum counts", (1, 9), 40.0),
    _case("distances cut off", (1, 40), 0.3, 5),
    _case("beta 2", (1, 10), 0.1, beta=2.0),
    _case("beta 0.3, several rows", (1, 3, 5, 7), 0.25, -40, beta=0.3),
    Case("softmax/float", _float, tolerance=1e-6, reason=_LIBM, spread=3.0),
    Case("softmax/float beta 0.5", _float_beta, tolerance=1e-6, reason=_LIBM, spread=3.0),
    _case("600 classes", (1, 600), 0.2),
    _case("5000 classes, all nearly equal: no share is half a step", (1, 5000), 1e-4),
    _case("of one axis", (9,), 0.1),
    _wide("10 classes", (1, 10), 0.1),
    _wide("2 classes, beta 2", (1, 3, 2), 0.05, -128, beta=2.0),
    _wide("700 classes, all nearly equal", (1, 700), 1e-4),
    _wide("huge scale", (1, 9), 40.0),
    _int16("10 classes", (1, 10), 3e-4, skips=_FAR),
    _int16("1 class", (1, 3, 1), 3e-4),
    _int16("2 classes, beta 0.3", (1, 5, 2), 1e-3, beta=0.3, skips=_FAR),
    _int16("300 classes, all nearly equal", (1, 300), 1e-7),
    _int16("coarse: only the maximum counts", (1, 9), 1.0, skips=_FAR),
    _int16("4096 classes", (1, 4096), 1e-5),
    Case("softmax/int16, every step", _steps, feed=sweep_int16),
    *factor.CASES["softmax"],
)


def scalar(op: Op) -> Array:
    rows = op.x[0].reshape(-1, op.out.shape[-1]).tolist()
    if op.real:
        row = _real
    else:
        row = _of_int16 if op.values[0].dtype == "int16" else _of_int8
    return np.array([row(op, values) for values in rows]).reshape(op.out.shape)


def _real(op: Op, row: list[float]) -> list[float]:
    e = [math.exp(op.attrs.beta * (x - max(row))) for x in row]
    return [value / sum(e) for value in e]


def _of_int8(op: Op, row: list[int]) -> list[int]:
    bits, low = {"int8": (8, -128), "int16": (16, -32768)}[op.out.dtype]
    beta = float(np.float32(op.attrs.beta))
    real = min(beta * scale(op.values[0]) * (1 << 26), 2.0**31 - 1.0)
    assert real > 1, "the reference refuses"
    multiplier, left = quantize_multiplier(real)
    least = -math.floor(1.0 * ((1 << 5) - 1) * (1 << 26) / (1 << left))

    @cache
    def exponential(distance: int) -> int:
        return exp_negative(high_mul(distance << left, multiplier), 5)

    distances = [q - max(row) for q in row]
    total = sum(multiply_by_pot(exponential(d), -12) for d in distances if d >= least)
    if op.out.dtype == "int8" and total >= 512 << 19:
        return [low] * len(row)  # the reference stops; every share is below 1/512
    headroom = 32 - total.bit_length()
    reciprocal = one_over_one_plus((total << headroom) - (1 << 31))
    exponent = 12 - headroom + 31 - bits
    assert 0 <= exponent <= 31, "the reference refuses"
    result = []
    for d in distances:
        q = low
        if d >= least:
            q += divide_by_pot(high_mul(reciprocal, exponential(d)), exponent)
        result.append(min(max(q, low), -low - 1))
    return result


def _table(function: Any, low: float, high: float) -> list[int]:
    """gen_lut with 513 entries of a function whose results are in Q0.15."""
    f32 = np.float32
    step = f32(f32(high - low) / f32(512))
    half = f32(step / f32(2))

    def rounded(x: float) -> np.float32:
        return f32(math.floor(abs(float(x)) + 0.5) * (1 if x >= 0 else -1))

    def at(x: np.float32) -> np.float32:
        return f32(f32(function(float(x))) * f32(32768))

    result = []
    for i in range(512):
        x = f32(f32(low) + f32(f32(i) * step))
        after = at(f32(f32(low) + f32(f32(i + 1) * step)))
        middle = rounded(f32(f32(after + rounded(at(x))) / f32(2)))
        error = f32(middle - rounded(at(f32(x + half))))
        result.append(float(f32(rounded(at(x)) - rounded(f32(error / f32(2))))))
    result.append(float(rounded(at(f32(high)))))
    return [int(min(max(y, -32768), 32767)) for y in result]


@cache
def _tables() -> tuple[list[int], list[int]]:
    return _table(math.exp, -10.0, 0.0), _table(lambda x: 1 / (1 + x), 0.0, 1.0)


def _of_int16(op: Op, row: list[int]) -> list[int]:
    exp_table, reciprocal_table = _tables()
    beta = float(np.float32(op.attrs.beta))
    pair = quantize_multiplier(scale(op.values[0]) * beta / (10.0 / 65535.0))

    def narrow(x: int) -> int:
        return min(max(x, -32768), 32767)

    e = [interpolated(exp_table, narrow(multiply(q - max(row), *pair) + 32767)) for q in row]
    total = sum(e)
    headroom_plus_one = 32 - total.bit_length()
    shifted = ((total << (headroom_plus_one - 1)) + (1 << 13)) >> 14
    a = narrow(shifted - ((1 << 15) + (1 << 16)))
    reciprocal = interpolated(reciprocal_table, a)
    right = 31 - headroom_plus_one
    return [min(max((x * reciprocal + (1 << (right - 1))) >> right, 0), 32767) for x in e]
