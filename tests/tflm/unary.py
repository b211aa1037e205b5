# SPDX-License-Identifier: Apache-2.0
"""Random operations on each value alone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.random import Generator

from tflm._draw import Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model

if TYPE_CHECKING:
    from tflm import Make

# float results of the C library and of numpy differ in the last bits
LIBM = 1e-6


def shape_of(rng: Generator, dtype: str) -> tuple[int, ...]:
    """Enough elements to meet most int8, of any rank."""
    if rng.random() < 0.3:
        return a_shape(rng, int(rng.integers(1, 6)), 4)
    return (1, 256) if dtype == "int8" else (2, 600)


def activation(rng: Generator, net: Model, dtype: str, shape: tuple[int, ...], **fixed: Any) -> int:
    """A tensor with a random quantization. fixed: scale and zero point that are given, or the
    range (low, high) of a random scale as `scales`.
    """
    if dtype == "float32":
        return net.tensor(shape, dtype)
    low, high = fixed.pop("scales", (1e-3, 1.0))
    drawn = {
        "scale": a_scale(rng, low, high),
        "zero_point": a_zero_point(rng) if dtype == "int8" else 0,
    }
    return net.tensor(shape, dtype, **(drawn | fixed))


def each(
    rng: Generator,
    kind: str,
    dtype: str,
    *,
    first: dict[str, Any] | None = None,
    last: dict[str, Any] | None = None,
    rtol: float = 0.0,
    largest: float = 3.0,
) -> Single:
    """An op without options. first, last: what is fixed of both quantizations."""
    net, shape = Model(), shape_of(rng, dtype)
    x = activation(rng, net, dtype, shape, **(first or {}))
    y = activation(rng, net, dtype, shape, **(last or {}))
    net.operator(kind, [x], [y])
    return Single(net, [x], [y], rtol, largest=largest)


def leaky_relu(rng: Generator, dtype: str) -> Single:
    net, shape = Model(), shape_of(rng, dtype)
    x, y = (activation(rng, net, dtype, shape) for _ in range(2))
    alpha = float(rng.choice([0.01, 0.1, 0.3, 1.5, -0.2, 0.0, rng.uniform(-2, 2)]))
    net.operator("LEAKY_RELU", [x], [y], {0: ("f4", alpha)}, 75)
    return Single(net, [x], [y])


def hard_swish(rng: Generator) -> Single:
    scale = a_scale(rng, 1e-5, 10.0)
    return each(
        rng,
        "HARD_SWISH",
        "int8",
        first={"scale": scale},
        last={"scale": float(np.float32(scale * rng.uniform(0.02, 4.0)))},
    )


def rsqrt(rng: Generator, dtype: str) -> Single:
    """Behind an ABS, as the reference stops at negative integers."""
    net, shape = Model(), shape_of(rng, dtype)
    scale = {"scale": a_scale(rng, 1e-4, 100.0)}
    x = activation(rng, net, dtype, shape, **scale, zero_point=0)
    absolute = activation(rng, net, dtype, shape, **scale, zero_point=0)
    y = activation(rng, net, dtype, shape, scales=(1e-3, 10.0))
    net.operator("ABS", [x], [absolute])
    net.operator("RSQRT", [absolute], [y])
    return Single(net, [x], [y], LIBM if dtype == "float32" else 0.0)


def squashing(rng: Generator, kind: str, dtype: str) -> Single:
    """LOGISTIC or TANH; half of the int16 scales are powers of two."""
    if dtype == "float32":
        return each(rng, kind, dtype, rtol=LIBM, largest=6.0)
    first: dict[str, Any] = {"scale": a_scale(rng, 1e-6, 50.0)}
    if dtype == "int16":
        power = 2.0 ** rng.integers(-16, 1)
        first = {"scale": power if rng.random() < 0.5 else a_scale(rng, 1e-6, 2.6)}
    step = {"int8": 1 / 256 if kind == "LOGISTIC" else 1 / 128, "int16": 1 / 32768}[dtype]
    zero = -128 if (kind, dtype) == ("LOGISTIC", "int8") else 0
    return each(rng, kind, dtype, first=first, last={"scale": step, "zero_point": zero})


def quantize(rng: Generator, dtype: str) -> Single:
    net, shape = Model(), shape_of(rng, "float32")
    x = net.tensor(shape, "float32")
    y = activation(rng, net, dtype, shape, scales=(1e-2, 1.0))
    net.operator("QUANTIZE", [x], [y])
    return Single(net, [x], [y])


ZERO_POINTS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-300, 300), "int32": (0, 0)}


def requantize(rng: Generator, first: str, last: str) -> Single:
    """Integers to integers; int32 inputs are large, so that their scale is small."""
    net, shape = Model(), shape_of(rng, first)
    low, high = (1e-9, 1e-7) if first == "int32" else (1e-2, 1.0)
    quants = []
    for dtype, scales in ((first, (low, high)), (last, (1e-2, 1.0))):
        ends = ZERO_POINTS[dtype]
        zero = int(
            rng.choice([*ends, (ends[0] + ends[1] + 1) // 2, rng.integers(*ends, endpoint=True)])
        )
        quants.append({"scale": a_scale(rng, *scales), "zero_point": zero})
    if "uint8" in (first, last) and rng.random() < 0.5:  # the same reals, by a fast path
        zero = int(rng.integers(-128, 128))
        scale = a_scale(rng)
        quants = [
            {"scale": scale, "zero_point": zero + (128 if dtype == "uint8" else 0)}
            for dtype in (first, last)
        ]
    x = net.tensor(shape, first, **quants[0])
    y = net.tensor(shape, last, **quants[1])
    net.operator("QUANTIZE", [x], [y])
    return Single(net, [x], [y])


def dequantize(rng: Generator, dtype: str) -> Single:
    net, shape = Model(), shape_of(rng, dtype)
    low, high = ZERO_POINTS[dtype]
    zero = int(rng.integers(low, high + 1))
    x = net.tensor(shape, dtype, scale=a_scale(rng), zero_point=zero)
    y = net.tensor(shape, "float32")
    net.operator("DEQUANTIZE", [x], [y])
    return Single(net, [x], [y])


def cast(rng: Generator) -> Single:
    """Any pair of types that the reference casts; half of the floats are beyond int8."""
    kinds = ["float32", "int8", "int16", "int32", "uint32", "bool"]
    first, last = (str(kind) for kind in rng.choice(kinds, 2))
    net, shape = Model(), shape_of(rng, "float32")
    x, y = net.tensor(shape, first), net.tensor(shape, last)
    net.operator("CAST", [x], [y])
    return Single(net, [x], [y], largest=200.0)


_RELUS = ("float32", "int8", "int16")
_REALS = {  # largest inputs where float32 results can be compared
    "COS": 30.0,
    "EXP": 2.0,
    "LOG": 30.0,
    "NEG": 30.0,
    "SIN": 30.0,
    "SQRT": 30.0,
    "SQUARE": 3.0,
    "CEIL": 30.0,
    "FLOOR": 30.0,
    "ROUND": 3.0,
}

CASES: dict[str, Make] = {
    **{f"relu {kind}": partial(each, kind="RELU", dtype=kind) for kind in _RELUS},
    **{f"relu6 {kind}": partial(each, kind="RELU6", dtype=kind) for kind in _RELUS},
    **{f"abs {kind}": partial(each, kind="ABS", dtype=kind) for kind in _RELUS},
    **{f"leaky_relu {kind}": partial(leaky_relu, dtype=kind) for kind in _RELUS},
    **{f"rsqrt {kind}": partial(rsqrt, dtype=kind) for kind in _RELUS},
    **{
        f"{kind.lower()} {dtype}": partial(squashing, kind=kind, dtype=dtype)
        for kind in ("LOGISTIC", "TANH")
        for dtype in _RELUS
    },
    "elu int8": partial(each, kind="ELU", dtype="int8", first={"scales": (1e-3, 0.2)}),
    "elu float32": partial(each, kind="ELU", dtype="float32", rtol=LIBM),
    "hard_swish int8": hard_swish,
    "hard_swish float32": partial(each, kind="HARD_SWISH", dtype="float32", rtol=LIBM),
    **{
        kind.lower(): partial(each, kind=kind, dtype="float32", rtol=LIBM, largest=largest)
        for kind, largest in _REALS.items()
    },
    **{f"quantize {kind}": partial(quantize, dtype=kind) for kind in ("int8", "int16")},
    **{
        f"requantize {first} {last}": partial(requantize, first=first, last=last)
        for first, last in (
            ("int8", "int8"),
            ("int8", "int16"),
            ("int8", "int32"),
            ("int8", "uint8"),
            ("int16", "int8"),
            ("int16", "int16"),
            ("int16", "int32"),
            ("int32", "int8"),
            ("int32", "int16"),
            ("uint8", "int8"),
        )
    },
    **{
        f"dequantize {kind}": partial(dequantize, dtype=kind) for kind in ("int8", "uint8", "int16")
    },
    "cast": cast,
}
