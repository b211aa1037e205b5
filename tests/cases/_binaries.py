# SPDX-License-Identifier: Apache-2.0
"""How the tables of ops on two operands build a node from a few numbers, and their scalar texts.

The texts are written from TensorFlow Lite Micro's kernels (add_common.cc, sub_common.cc,
mul_common.cc, div.cc, squared_difference.cc, comparisons.cc, prelu.h, add_n.cc and the headers
of the same names), one pair of numbers at a time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from cases._case import Case, Net, every_int8, quant
from cases._scalar import (
    INT32_MAX,
    INT32_MIN,
    Op,
    clamp,
    divide,
    high_mul,
    multiply,
    one_over_one_plus,
    quantize_multiplier,
    scale,
    zero,
)

Shape = tuple[int, ...]
Quant = tuple[float, int] | None
SHAPE = (1, 4, 5, 3)
SAME = (SHAPE, SHAPE)

# (what, shapes of both operands)
SHAPES: tuple[tuple[str, tuple[Shape, Shape]], ...] = (
    ("odd number of elements", ((1, 7), (1, 7))),
    ("one value per channel", (SHAPE, (1, 1, 1, 3))),
    ("one value per position", (SHAPE, (1, 4, 5, 1))),
    ("one value", ((1, 1, 1, 1), SHAPE)),
    ("both broadcast", ((1, 4, 1, 3), (1, 1, 5, 3))),
    ("fewer axes", (SHAPE, (5, 1))),
    ("no axes", ((), (1, 3))),
    ("one number each", ((), ())),
    ("two samples", ((2, 3), (1, 3))),
    ("six axes, three loops", ((1, 2, 3, 1, 2, 2), (1, 2, 1, 1, 2, 2))),
    ("eight axes, eight loops", ((2, 1, 2, 1, 2, 1, 2, 1), (1, 3, 1, 2, 1, 3, 1, 2))),
)


def pair(
    op: str,
    what: str,
    kind: str = "float32",
    shapes: tuple[Shape, Shape] = SAME,
    a: Quant = None,
    b: Quant = None,
    out: Quant = None,
    *,
    constant: str = "",
    data: Any = None,
    result: str | None = None,
    spread: float = 3.0,
    feed: Callable[[], Sequence[np.ndarray]] | None = None,
    skips: Mapping[str, str] | None = None,
    **attrs: Any,
) -> Case:
    """A case of an op on two operands.

    a, b, out: (scale, zero point) of integers that stand for reals; b takes those of a, and out too
    constant:  "a" or "b": the operand that is one; data: its numbers, by default random ones
    result:    dtype of the result, by default that of the operands
    """
    first, second = a, b or a
    last = None if result else out or first

    def operand(net: Net, name: str, shape: Shape, given: Quant) -> str:
        how = quant(*given) if given else None
        if name != constant:
            return net.input(name, shape, kind, how)
        return net.constant(name, numbers(net, kind, shape) if data is None else data, quant=how)

    def build(net: Net) -> str:
        values = [operand(net, "a", shapes[0], first), operand(net, "b", shapes[1], second)]
        quants = quant(*last) if last else None
        return net.node(op, values, dtype=result or kind, quant=quants, **attrs)

    return Case(f"{op}/{what}", build, spread=spread, feed=feed, skips=skips or {})


def numbers(net: Net, kind: str, shape: Shape) -> np.ndarray:
    """A random constant."""
    if kind == "float32":
        return net.random.normal(0, 3, shape).astype(np.float32)
    if kind == "bool":
        return net.random.integers(0, 2, shape) != 0
    limits = np.iinfo(kind)
    return net.random.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True)


def itself(op: str, kind: str, given: Quant, out: Quant, result: str | None = None) -> Case:
    """A value and itself."""

    def build(net: Net) -> str:
        x = net.input("x", SHAPE, kind, quant(*given) if given else None)
        return net.node(op, [x, x], dtype=result or kind, quant=quant(*out) if out else None)

    return Case(f"{op}/{kind} a value and itself", build)


def every_pair(op: str, a: Quant, b: Quant, out: Quant, result: str | None = None) -> Case:
    """All 65,536 pairs of int8."""
    return pair(
        op,
        "all pairs of integers",
        "int8",
        ((1, 256, 1), (1, 1, 256)),
        a,
        b,
        out,
        result=result,
        feed=every_int8(1, 2),
    )


def extremes(kind: str, *rows: tuple[Any, Any]) -> Callable[[], list[np.ndarray]]:
    """A feed of one sample: these pairs of numbers, (1, n) each."""
    return lambda: [np.array([[[row[i] for row in rows]]], kind) for i in (0, 1)]


# --- scalar texts


def each(op: Op, function: Callable[..., Any]) -> np.ndarray:
    """function(a, b ..) of every tuple of numbers, broadcast; as objects, so that all is exact."""
    arrays = np.broadcast_arrays(*op.x)
    rows = zip(*(x.ravel().tolist() for x in arrays), strict=True)
    with np.errstate(all="ignore"):  # infinities and NaN are results
        flat = [function(*row) for row in rows]
    result = np.empty(len(flat), object)
    result[:] = flat
    return result.reshape(op.out.shape)


def real(function: Callable[[Any, Any], Any]) -> Callable[[float, float], float]:
    """The float32 nearest to a function of float32 numbers."""
    return lambda a, b: float(function(np.float32(a), np.float32(b)))


def wrap(x: int) -> int:
    """An int32 that has overflown."""
    return (x - INT32_MIN) % (1 << 32) + INT32_MIN


def plain(op: Op, function: Callable[[int, int], int]) -> Callable[[int, int], int]:
    """int32 numbers and CalculateActivationRange of them."""
    ends = {
        "none": (INT32_MIN, INT32_MAX),
        "relu": (0, INT32_MAX),
        "relu6": (0, 6),
        "relu_n1_to_1": (-1, 1),
    }
    low, high = ends[getattr(op.attrs, "activation", "none")]
    return lambda a, b: min(max(wrap(function(a, b)), low), high)


def arithmetic(
    op: Op,
    of_reals: Callable[[Any, Any], Any],
    of_quantized: Callable[[Op], Callable[[int, int], int]],
    of_plain: Callable[[int, int], int],
) -> np.ndarray:
    """The result by the number kind."""
    if op.out.dtype == "int32":
        return each(op, plain(op, of_plain))
    function = real(of_reals) if op.real else cache(of_quantized(op))
    activation = getattr(op.attrs, "activation", "none")
    return each(op, lambda a, b: clamp(function(a, b), activation, op.out))


def aligned(op: Op, sign: int, left: int) -> tuple[Callable[[int, int], int], float]:
    """a + sign b on the common scale, and that scale times 2^-left."""
    scales = [scale(v) for v in op.values]
    twice_max = 2 * max(scales)
    first, second = (quantize_multiplier(s / twice_max) for s in scales)
    assert max(first[1], second[1]) <= 0, "the reference refuses"
    zeros = [zero(v) for v in op.values]

    def total(a: int, b: int) -> int:
        a = multiply((a - zeros[0]) << left, *first)
        return a + sign * multiply((b - zeros[1]) << left, *second)

    return total, twice_max


def addition(op: Op, sign: int) -> Callable[[int, int], int]:
    """ADD and SUB of int8 and int16."""
    left = 15 if op.out.dtype == "int16" else 20
    total, twice_max = aligned(op, sign, left)
    last = quantize_multiplier(twice_max / ((1 << left) * scale(op.out)))
    assert last[1] <= 0, "the reference refuses"
    return lambda a, b: multiply(total(a, b), *last) + zero(op.out)


def squared_difference(op: Op) -> Callable[[int, int], int]:
    left = 0 if op.out.dtype == "int16" else 7
    total, twice_max = aligned(op, -1, left)
    last = quantize_multiplier(twice_max * twice_max / ((1 << 2 * left) * scale(op.out)))
    return lambda a, b: multiply(total(a, b) ** 2, *last) + zero(op.out)


def product(op: Op) -> Callable[[int, int], int]:
    last = quantize_multiplier(scale(op.values[0]) * scale(op.values[1]) / scale(op.out))
    zeros = [zero(v) for v in op.values]
    return lambda a, b: multiply((a - zeros[0]) * (b - zeros[1]), *last) + zero(op.out)


def quotient(op: Op) -> Callable[[int, int], int]:
    """DivElementwise of int8; a divisor of 0, which it leaves undefined, as `ops/div.py` says."""
    factor, shift = quantize_multiplier(scale(op.values[0]) / (scale(op.values[1]) * scale(op.out)))

    def function(a: int, b: int) -> int:
        a, b = a - zero(op.values[0]), b - zero(op.values[1])
        if b == 0:
            return zero(op.out) + (a > 0) * 1000 - (a < 0) * 1000
        if b < 0:
            a, b = -a, -b
        # GetReciprocal(b, 31): leading zeros of 32 bits, and the mantissa less one
        digits = b.bit_length()
        inverse = one_over_one_plus((b << (32 - digits)) - (1 << 31))
        headroom = 31 - (a if a >= 0 else -a - 1).bit_length()  # CountLeadingSignBits
        unscaled = high_mul(a << headroom, inverse)
        right = -(shift - (digits - 1) - headroom)
        assert 0 <= right <= 31, "undefined in the reference"
        return multiply(unscaled, factor, -right) + zero(op.out)

    return function


def divide_plain(a: int, b: int) -> int:
    """C's division where C defines it."""
    return divide(a, b) if b else 0


def compared(op: Op, relation: Callable[[Any, Any], bool]) -> np.ndarray:
    """Comparisons; int8 and int16 with scaling."""
    if op.values[0].dtype not in ("int8", "int16"):
        return each(op, relation)
    pairs = [quantize_multiplier(scale(v)) for v in op.values]
    assert all(shift <= 0 for _, shift in pairs), "the reference refuses"
    zeros = [zero(v) for v in op.values]

    @cache
    def function(a: int, b: int) -> bool:
        a, b = (multiply((x - z) << 8, *p) for x, z, p in zip((a, b), zeros, pairs, strict=True))
        return relation(a, b)

    return each(op, function)


def parametric_relu(op: Op) -> np.ndarray:
    if op.real:
        return each(op, lambda x, alpha: x if x >= 0 else float(np.float32(x) * np.float32(alpha)))
    s_x, s_alpha, s_out = scale(op.values[0]), scale(op.values[1]), scale(op.out)
    above, below = quantize_multiplier(s_x / s_out), quantize_multiplier(s_x * s_alpha / s_out)

    def function(x: int, alpha: int) -> int:
        x, alpha = x - zero(op.values[0]), alpha - zero(op.values[1])
        y = multiply(x, *above) if x >= 0 else multiply(x * alpha, *below)
        return int(clamp(y + zero(op.out), "none", op.out))

    return each(op, function)


def sum_of_all(op: Op) -> np.ndarray:
    if op.real:
        return each(op, lambda *row: float(np.sum(np.array([0, *row], np.float32).cumsum()[-1:])))
    half = quantize_multiplier(scale(op.values[0]) / (2 * scale(op.values[0])))
    last = quantize_multiplier(2 * scale(op.values[0]) / ((1 << 20) * scale(op.out)))
    first = zero(op.values[0])

    def function(*row: int) -> int:
        total = multiply(-first << 20, *half)  # not 0: so it is in the reference
        for x in row:
            total += multiply((x - first) << 20, *half)
        return int(clamp(multiply(total, *last) + zero(op.out), "none", op.out))

    return each(op, function)


def floor_quotient(a: float, b: float) -> float:
    """In double, then rounded to float32."""
    if b == 0 or math.isinf(a) or math.isnan(a + b):
        return float(np.float32(np.float64(a) / np.float64(b)))
    return float(np.float32(math.floor(a / b)))


def floor_rest(a: float, b: float) -> float:
    """C's fmod, plus b where the signs differ."""
    if b == 0 or math.isinf(a) or math.isnan(a + b):
        return math.nan
    rest = math.fmod(a, b)
    return float(np.float32(rest) + np.float32(b)) if rest and (b < 0) != (rest < 0) else rest
