# SPDX-License-Identifier: Apache-2.0
"""Cases of softmax."""

from __future__ import annotations

from typing import Any

from cases._case import Case, Net, quant


def _case(what: str, shape: tuple[int, ...], scale: float, zero: int = 0, **attrs: Any) -> Case:
    def build(net: Net) -> str:
        x = net.int8(shape, scale, zero)
        return net.node("softmax", [x], quant=quant(1 / 256, -128), **attrs)

    return Case(f"softmax/{what}", build)


def _float(net: Net) -> str:
    return net.node("softmax", [net.input("x", (1, 4, 11))])


def _float_beta(net: Net) -> str:
    return net.node("softmax", [net.input("x", (1, 10))], beta=0.5)


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
)
