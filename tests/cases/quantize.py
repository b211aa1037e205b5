# SPDX-License-Identifier: Apache-2.0
"""Cases of quantize."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net, every_int8, quant
from iseul.graph.ir import DType


def _real(what: str, kind: DType, scale: float, zero: int, spread: float = 1.0) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", (1, 7, 9))
        return net.node("quantize", [x], dtype=kind, quant=quant(scale, zero))

    return Case(f"quantize/{what}", build, spread=spread)


def _again(what: str, first: tuple[float, int], last: tuple[float, int]) -> Case:
    def build(net: Net) -> str:
        return net.node("quantize", [net.int8((1, 256), *first)], quant=quant(*last))

    return Case(f"quantize/{what}", build, feed=every_int8(1))


def _ties() -> list[np.ndarray]:
    """Multiples of half a step, the float just below the first, and values beyond int8."""
    steps = np.arange(-300, 301).astype(np.float32) / 2
    just_below = np.nextafter(np.float32(0.5), np.float32(0))
    x = np.concatenate([steps, [just_below, -just_below], [1e9, -1e9]]).astype(np.float32)
    return [x.reshape(1, 1, -1) / 2]


def _tied(net: Net) -> str:
    return net.node("quantize", [net.input("x", (1, 605))], dtype="int8", quant=quant(0.5, 3))


CASES = (
    Case("quantize/float to int8, ties", _tied, feed=_ties),
    _real("float to int8", "int8", 0.02, 3),
    _real("float to int8, zero point -128", "int8", 1 / 255, -128),
    _real("float to int8, saturates", "int8", 0.01, 0, spread=5.0),
    _real("float to int8, coarse", "int8", 0.5, -7),
    _real("float to int16", "int16", 1e-4, 0),
    _real("float to uint8", "uint8", 0.02, 128),
    _again("int8 to the same", (0.05, -3), (0.05, -3)),
    _again("int8 to a larger scale", (0.031, -7), (0.0553, 22)),
    _again("int8 to a smaller scale", (0.0553, 22), (0.0311, -7)),
    _again("int8 to another zero point, saturates", (0.05, -20), (0.05, 110)),
    _again("int8 to a far smaller scale", (3.0, 5), (0.001, -5)),
    _again("int8 to a far larger scale", (0.001, 5), (3.0, -5)),
)
