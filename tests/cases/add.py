# SPDX-License-Identifier: Apache-2.0
"""Cases of add."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import Case, Net, every_int8, quant

_SHAPE = (1, 4, 5, 3)


def _case(
    what: str,
    a: tuple[float, int],
    b: tuple[float, int],
    out: tuple[float, int],
    shapes: tuple[tuple[int, ...], tuple[int, ...]] = (_SHAPE, _SHAPE),
    **attrs: Any,
) -> Case:
    """a, b, out: (scale, zero point)."""

    def build(net: Net) -> str:
        first = net.int8(shapes[0], *a, name="a")
        second = net.int8(shapes[1], *b, name="b")
        return net.node("add", [first, second], quant=quant(*out), **attrs)

    return Case(f"add/{what}", build)


def _every_pair(net: Net) -> str:
    first = net.int8((1, 256, 1), 0.031, -7, name="a")
    second = net.int8((1, 1, 256), 0.0553, 22, name="b")
    return net.node("add", [first, second], quant=quant(0.0701, 11))


def _constant(net: Net) -> str:
    data = net.random.integers(-128, 128, (3,)).astype(np.int8)
    b = net.constant("b", data, quant=quant(0.02, 9))
    return net.node("add", [net.int8(_SHAPE), b], quant=quant(0.06, 1))


def _same(net: Net) -> str:
    x = net.int8(_SHAPE, 0.04, -11)
    return net.node("add", [x, x], quant=quant(0.08, 3))


def _float(what: str, shape: tuple[int, ...], **attrs: Any) -> Case:
    def build(net: Net) -> str:
        values = [net.input("a", _SHAPE), net.input("b", shape)]
        return net.node("add", values, **attrs)

    return Case(f"add/{what}", build, spread=3.0)


CASES = (
    _case("equal scales", (0.05, 0), (0.05, 0), (0.1, 0)),
    _case("unequal scales", (0.031, -7), (0.0553, 22), (0.0701, 11)),
    _case("first scale far larger", (1.3, 4), (0.0021, -3), (1.31, 0)),
    _case("second scale far larger", (1e-9, 4), (0.7, -3), (0.71, 5)),
    _case("zero points at the ends", (0.03, -128), (0.05, 127), (0.06, -128)),
    _case("saturates", (0.5, 0), (0.5, 3), (0.1, 0)),
    _case("output scale far larger", (0.05, 1), (0.03, 2), (9.0, -4)),
    _case("output scale far smaller", (0.05, 1), (0.03, 2), (1e-5, -4)),
    _case("relu", (0.05, 1), (0.03, 2), (0.06, -4), activation="relu"),
    _case("relu6", (0.05, 1), (0.03, 2), (0.05, -70), activation="relu6"),
    _case("relu_n1_to_1", (0.05, 1), (0.03, 2), (0.02, 0), activation="relu_n1_to_1"),
    _case("odd number of elements", (0.05, 1), (0.03, 2), (0.06, 0), ((1, 7), (1, 7))),
    _case("one value per channel", (0.05, 1), (0.03, 2), (0.06, 0), (_SHAPE, (1, 1, 1, 3))),
    _case("one value per position", (0.05, 1), (0.03, 2), (0.06, 0), (_SHAPE, (1, 4, 5, 1))),
    _case("one value", (0.05, 1), (0.03, 2), (0.06, 0), ((1, 1, 1, 1), _SHAPE)),
    _case("both broadcast", (0.05, 1), (0.03, 2), (0.06, 0), ((1, 4, 1, 3), (1, 1, 5, 3))),
    Case("add/all pairs of integers", _every_pair, feed=every_int8(1, 2)),
    Case("add/constant of one axis", _constant),
    Case("add/a value to itself", _same),
    _float("float", _SHAPE),
    _float("float one value per channel, relu", (1, 1, 1, 3), activation="relu"),
    _float("float relu6", _SHAPE, activation="relu6"),
)
