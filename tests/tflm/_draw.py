# SPDX-License-Identifier: Apache-2.0
"""Random numbers that make legal one-op models, and what such a model is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from unit._tflite_bytes import Model


@dataclass(frozen=True)
class Single:
    """A one-op model: tensor numbers of its inputs and outputs; the op's kind is in the model.

    rtol:    relative and absolute tolerance of float outputs, with the largest output as unit;
             integers are always equal
    steps:   invokes in a row, so that states are carried on
    largest: standard deviation of float inputs
    given:   inputs that must not be any numbers, by tensor
    runtime: "litert" for ops and number kinds that TensorFlow Lite Micro lacks: LiteRT's
             reference kernels
    """

    model: Model
    inputs: list[int]
    outputs: list[int]
    rtol: float = 0.0
    steps: int = 1
    largest: float = 30.0
    given: Mapping[int, np.ndarray] = field(default_factory=dict)
    runtime: str = "tflm"


Make = Callable[[Generator], Single]


def a_scale(rng: Generator, low: float = 1e-3, high: float = 1.0) -> float:
    return float(np.float32(np.exp(rng.uniform(np.log(low), np.log(high)))))


def a_zero_point(rng: Generator, kind: str = "int8") -> int:
    if kind == "int16":
        return 0
    zero = int(rng.choice([-128, 127, 0, int(rng.integers(-128, 128))]))
    return zero + 128 if kind == "uint8" else zero


def a_shape(rng: Generator, n: int, most: int) -> tuple[int, ...]:
    return tuple(int(size) for size in rng.integers(1, most + 1, n))


def reach(same: bool, size: int, kernel: int, stride: int, dilation: int) -> int:
    return -(-size // stride) if same else (size - (kernel - 1) * dilation - 1) // stride + 1
