# SPDX-License-Identifier: Apache-2.0
"""What the cases of ops of each value alone share: builders, feeds, and tables once more.

The tables are TensorFlow Lite's LUTPopulate and LUTLookup in single float32 operations, without a
line of `iseul.numerics`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cases._case import Array, Case, Net, every_int8, quant
from cases._scalar import RANGE, Op, c_round, scale, zero
from iseul.graph.ir import DType

Quant = tuple[float, int]
LIBM = "functions of the C library, numpy and torch differ in the last bits"
FAR = "the reference's integers are further than a step from the real function"
f32 = np.float32


def sweep_int16(n: int = 700) -> list[Array]:
    """One sample: int16 from end to end, those around 0, and random ones."""
    near = np.arange(-40, 41)
    random = np.random.default_rng(0).integers(-32768, 32768, 100)
    values = np.concatenate([np.linspace(-32768, 32767, n).astype(int), near, random])
    return [values.astype(np.int16).reshape(1, 1, -1)]


def int8_case(op: str, what: str, first: Quant, last: Quant, **attrs: Any) -> Case:
    """All int8. attrs: of the op, and skips of the case."""
    skips = attrs.pop("skips", {})

    def build(net: Net) -> str:
        return net.node(op, [net.int8((1, 256), *first)], quant=quant(*last), **attrs)

    return Case(f"{op}/{what}", build, feed=every_int8(1), skips=skips)


def int16_case(op: str, what: str, first: Quant, last: Quant, **attrs: Any) -> Case:
    """int16 from end to end. attrs: of the op, and skips of the case."""
    skips = attrs.pop("skips", {})
    feed = sweep_int16()

    def build(net: Net) -> str:
        x = net.input("x", feed[0].shape[1:], "int16", quant(*first))
        return net.node(op, [x], quant=quant(*last), **attrs)

    return Case(f"{op}/{what}", build, feed=lambda: feed, skips=skips)


def real_case(
    op: str, values: Array, tolerance: float = 0.0, what: str = "float", **attrs: Any
) -> Case:
    """Given reals, one sample."""
    feed = np.asarray(values, np.float32).reshape(1, 1, -1)

    def build(net: Net) -> str:
        return net.node(op, [net.input("x", feed.shape[1:])], **attrs)

    reason = LIBM if tolerance else ""
    return Case(f"{op}/{what}", build, tolerance, reason, feed=lambda: [feed])


def plain_case(op: str, kind: DType = "int32") -> Case:
    """Integers without quantization: the ends of their range and random ones."""

    def build(net: Net) -> str:
        return net.node(op, [net.input("x", (1, 3, 7), kind)])

    return Case(f"{op}/{kind}", build)


def ramp(low: float, high: float, n: int = 301) -> Array:
    """Reals from one end to the other, both zeros among them."""
    return np.concatenate([np.linspace(low, high, n), [0.0, -0.0]]).astype(np.float32)


def each(op: Op, function: Callable[[Any], Any]) -> Array:
    """A function of Python numbers over the only input."""
    return np.array([function(q) for q in op.x[0].ravel().tolist()]).reshape(op.out.shape)


def rounded(x: np.float32) -> np.float32:
    """TfLiteRound of a float32; infinities and NaN stay."""
    return x if not np.isfinite(x) else f32(c_round(float(x)))


def table_int8(op: Op, function: Callable[[np.float32], np.float32]) -> list[int]:
    """LUTPopulateInt8: the results of -128 .. 127."""
    s_in, s_out = f32(scale(op.values[0])), f32(scale(op.out))
    result = []
    with np.errstate(all="ignore"):
        for q in range(-128, 128):
            y = rounded(f32(function(s_in * f32(q - zero(op.values[0]))) * (f32(1) / s_out)))
            result.append(f32(y + f32(zero(op.out))))
    return [_whole(y, -128, 127) for y in result]


def table_int16(op: Op, function: Callable[[np.float32], np.float32]) -> list[int]:
    """LUTPopulateInt16: 513 results."""
    low, high = (
        f32(scale(op.values[0])) * f32(end - zero(op.values[0])) for end in (-32768, 32767)
    )
    least, most = (f32(scale(op.out)) * f32(end - zero(op.out)) for end in (-32768, 32767))
    step = f32(f32(high - low) / f32(512))
    half = f32(step / f32(2))
    unit = f32(f32(65536) / f32(most - least))
    result = []
    with np.errstate(all="ignore"):
        for i in range(512):
            at = f32(low + f32(f32(i) * step))
            here = rounded(f32(function(at) * unit))
            after = f32(function(f32(low + f32(f32(i + 1) * step))) * unit)
            middle = rounded(f32(function(f32(at + half)) * unit))
            error = f32(rounded(f32(f32(after + here) / f32(2))) - middle)
            result.append(f32(here - rounded(f32(error / f32(2)))))
        result.append(rounded(f32(function(high) * unit)))
    return [_whole(y, -32768, 32767) for y in result]


def _whole(x: np.float32, low: int, high: int) -> int:
    """A whole float32 as an integer, saturated; NaN is the lowest."""
    return low if np.isnan(x) else int(min(max(x, f32(low)), f32(high)))


def wrapped(x: int, bits: int) -> int:
    """x as a C integer of so many bits."""
    return (x + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))


def interpolated(table: list[int], q: int) -> int:
    """LUTLookup of an int16."""
    i = 256 + (q >> 7)
    slope = wrapped(table[i + 1] - table[i], 16)
    return wrapped(table[i] + ((slope * (q & 127) + 64) >> 7), 16)


def tabled(
    op: Op, real: Callable[[float], float], function: Callable[[np.float32], np.float32]
) -> Array:
    """A tabled op. real: on floats; function: what the tables are made of, in float32."""
    if op.real:
        return each(op, real)
    if op.out.dtype == "int8":
        by_value = table_int8(op, function)
        return each(op, lambda q: by_value[q + 128])
    lines = table_int16(op, function)
    return each(op, lambda q: interpolated(lines, q))


def saturated(op: Op, q: int) -> int:
    low, high = RANGE[op.out.dtype]
    return min(max(q, low), high)
