# SPDX-License-Identifier: Apache-2.0
"""Cases of mean."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases import _factor as factor
from cases._case import Case
from cases._reductions import SHAPES, groups, reduction
from cases._scalar import Op, divide, multiply, quantize_multiplier, saturate, scale, zero

_IMAGE = ((1, 5, 3, 7), (1, 2), True)


def _case(what: str, *parts: Any, **more: Any) -> Case:
    return reduction("mean", what, *parts, **more)


CASES = (
    *(_case(f"int8, {what}", *parts, last=(0.04, -3)) for what, *parts in SHAPES),
    *(_case(f"float, {what}", *parts, kind="float32") for what, *parts in SHAPES),
    _case("same quantization", *_IMAGE, first=(0.05, 4)),
    _case("zero points at the ends", *_IMAGE, first=(0.05, -128), last=(0.05, 127)),
    _case("zero points at the other ends", *_IMAGE, first=(0.05, 127), last=(0.03, -128)),
    _case("to a far larger scale", *_IMAGE, first=(0.003, -9), last=(0.9, 5)),
    _case("to a far smaller scale", *_IMAGE, first=(0.9, -9), last=(0.003, 5)),
    _case("vanishing scale", *_IMAGE, first=(1e-9, 3), last=(0.9, 5)),
    _case("tiny multiplier", *_IMAGE, first=(3e-10, 3), last=(0.9, 5)),
    _case("int16", *_IMAGE, kind="int16", first=(0.01, 0), last=(0.007, 0)),
    _case("int16, last axis", (1, 6, 9), (2,), False, kind="int16", first=(0.01, 0)),
    _case(
        "int16, larger scale", (1, 40), (1,), False, kind="int16", first=(0.01, 0), last=(0.2, 0)
    ),
    *factor.CASES["mean"],
)


def scalar(op: Op) -> np.ndarray:
    """Mean of each pile; integers as QuantizedMeanOrSum."""
    _, apply = groups(op)
    if op.real:
        return apply(lambda pile: sum(pile) / len(pile))

    def function(pile: list[int]) -> int:
        n = len(pile)
        factor, shift = quantize_multiplier(scale(op.values[0]) / scale(op.out))
        step = min(n.bit_length() - 1, 32, 31 + shift)
        factor, shift = divide(factor << step, n), shift - step
        centred = sum(pile) - zero(op.values[0]) * n
        return saturate(multiply(centred, factor, shift) + zero(op.out), op.out)

    return apply(function)
