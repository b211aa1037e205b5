# SPDX-License-Identifier: Apache-2.0
"""Random softmaxes and their logarithms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from numpy.random import Generator

from tflm._draw import Single, a_scale, a_zero_point
from unit._tflite_bytes import Model

if TYPE_CHECKING:
    from tflm import Make

# float results of the C library and of numpy differ in the last bits
LIBM = 2e-6


def softmax(rng: Generator, first: str, last: str) -> Single:
    net = Model()
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 3)), int(rng.integers(1, 100)))
    shape = shape[int(rng.integers(3)) :]
    if first == "float32":
        x, y = net.tensor(shape, first), net.tensor(shape, last)
    else:
        zero = a_zero_point(rng) if first == "int8" else 0
        low, high = (1e-3, 2.0) if first == "int8" else (1e-6, 1.0)
        x = net.tensor(shape, first, scale=a_scale(rng, low, high), zero_point=zero)
        step, zero = {
            ("int8", "int8"): (1 / 256, -128),
            ("int8", "int16"): (1 / 65536, -32768),
            ("int16", "int16"): (1 / 32768, 0),
        }[first, last]
        y = net.tensor(shape, last, scale=step, zero_point=zero)
    net.operator("SOFTMAX", [x], [y], {0: ("f4", float(rng.choice([0.5, 1.0, 2.0])))}, 9)
    return Single(net, [x], [y], LIBM if first == "float32" else 0.0, largest=4.0)


def long_softmax(rng: Generator) -> Single:
    """Rows of more than 511 values, whose exponentials still add up to less than 512."""
    net = Model()
    shape = (1, int(rng.integers(512, 3000)))
    x = net.tensor(shape, scale=a_scale(rng, 0.05, 2), zero_point=a_zero_point(rng))
    y = net.tensor(shape, scale=1 / 256, zero_point=-128)
    net.operator("SOFTMAX", [x], [y], {0: ("f4", 1.0)}, 9)
    return Single(net, [x], [y])


def log_softmax(rng: Generator, dtype: str) -> Single:
    net = Model()
    shape = (int(rng.integers(1, 4)), int(rng.integers(1, 300)))
    if dtype == "float32":
        x, y = net.tensor(shape, dtype), net.tensor(shape, dtype)
    else:
        x = net.tensor(shape, scale=a_scale(rng, 1e-4, 4), zero_point=a_zero_point(rng))
        y = net.tensor(shape, scale=1 / 16, zero_point=127)
    net.operator("LOG_SOFTMAX", [x], [y])
    return Single(net, [x], [y], LIBM if dtype == "float32" else 0.0, largest=4.0)


CASES: dict[str, Make] = {
    **{
        f"softmax {first} {last}": partial(softmax, first=first, last=last)
        for first, last in (
            ("float32", "float32"),
            ("int8", "int8"),
            ("int8", "int16"),
            ("int16", "int16"),
        )
    },
    "softmax of long rows": long_softmax,
    **{f"log_softmax {kind}": partial(log_softmax, dtype=kind) for kind in ("float32", "int8")},
}
