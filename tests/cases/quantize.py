# SPDX-License-Identifier: Apache-2.0
"""Cases of quantize."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net, every_int8, quant
from iseul.graph.ir import DType


def _real(
    what: str, kind: DType, scale: float, zero: int, spread: float = 1.0, rounding: str = "away"
) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", (1, 7, 9))
        return net.node("quantize", [x], dtype=kind, quant=quant(scale, zero), rounding=rounding)

    return Case(f"quantize/{what}", build, spread=spread)


def _again(what: str, first: tuple[float, int], last: tuple[float, int]) -> Case:
    def build(net: Net) -> str:
        return net.node("quantize", [net.int8((1, 256), *first)], quant=quant(*last))

    return Case(f"quantize/{what}", build, feed=every_int8(1))


_NOT_EXACT = {"fake_quantize": "float32 does not hold integers as large as these"}


def _integers(
    first: DType,
    a: tuple[float, int],
    last: DType,
    b: tuple[float, int],
    skips: dict[str, str] | None = None,
) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", (1, 4, 31), first, quant(*a))
        return net.node("quantize", [x], dtype=last, quant=quant(*b))

    return Case(f"quantize/{first} {a} to {last} {b}", build, skips=skips or {})


def _ties() -> list[np.ndarray]:
    """Multiples of half a step, the float just below the first, and values beyond int8."""
    steps = np.arange(-300, 301).astype(np.float32) / 2
    just_below = np.nextafter(np.float32(0.5), np.float32(0))
    x = np.concatenate([steps, [just_below, -just_below], [1e9, -1e9]]).astype(np.float32)
    return [x.reshape(1, 1, -1) / 2]


def _tied(net: Net) -> str:
    return net.node("quantize", [net.input("x", (1, 605))], dtype="int8", quant=quant(0.5, 3))


def _tied_to_even(net: Net) -> str:
    x = net.input("x", (1, 605))
    return net.node("quantize", [x], dtype="int8", quant=quant(0.5, 3), rounding="even")


CASES = (
    Case("quantize/float to int8, ties", _tied, feed=_ties),
    Case("quantize/float to int8, ties to even", _tied_to_even, feed=_ties),
    _real("float to int8, even", "int8", 0.02, 3, 5.0, "even"),
    _real("float to int16, even", "int16", 1e-4, 7, 3.0, "even"),
    _real("float to uint8, even", "uint8", 0.02, 128, 1.0, "even"),
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
    _integers("int8", (0.05, -3), "uint8", (0.05, 125)),
    _integers("int8", (0.05, -3), "uint8", (0.021, 7)),
    _integers("uint8", (0.05, 125), "int8", (0.05, -3)),
    _integers("uint8", (0.05, 0), "int8", (0.07, 127)),
    _integers("uint8", (0.02, 255), "int8", (0.011, -128)),
    _integers("int8", (0.05, 7), "int16", (3e-4, 0)),
    _integers("int8", (0.05, -128), "int16", (1e-4, -500)),
    _integers("int8", (0.05, 127), "int32", (1e-6, 0)),
    _integers("int8", (1e-4, 3), "int32", (3e-2, 9)),
    _integers("int16", (3e-4, 0), "int8", (0.05, 7)),
    _integers("int16", (3e-4, 100), "int8", (0.001, -128)),
    _integers("int16", (3e-4, 0), "int16", (2.7e-4, 0)),
    _integers("int16", (3e-3, -20), "int16", (1e-6, 5)),
    _integers("int16", (1e-3, 0), "int32", (1e-7, 0), _NOT_EXACT),
    _integers("int16", (1e-5, 0), "int32", (0.5, 0)),
    _integers("int32", (1e-9, 0), "int8", (0.02, -7)),
    _integers("int32", (1e-9, 0), "int16", (1e-4, 0)),
    _integers("int32", (1e-9, 0), "int16", (2.1e-9, 0)),
    _integers("int32", (1e-9, 0), "int8", (9.0, 3)),
)
