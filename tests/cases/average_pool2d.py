# SPDX-License-Identifier: Apache-2.0
"""Cases of average_pool2d."""

from __future__ import annotations

from typing import Any

from cases import _factor as factor
from cases._case import SUMS_REORDERED, Case, Net, quant
from cases._pools import pools


def _counted(what: str, kind: str = "int8", zero: int = 0, **attrs: Any) -> Case:
    """Taps on padding count."""

    def build(net: Net) -> str:
        x = net.input("x", (1, 6, 5, 3), kind, None if kind == "float32" else quant(0.05, zero))
        window = {"kernel_size": (3, 2), "pads": (2, 1, 1, 0), "count_include_pad": True}
        return net.node("average_pool2d", [x], **(window | attrs))

    name = f"average_pool2d/{what}"
    if kind == "float32":
        return Case(name, build, 1e-5, SUMS_REORDERED, spread=4.0)
    return Case(name, build)


CASES = (
    *pools("average_pool2d", 1e-5, SUMS_REORDERED),
    _counted("padding counts"),
    _counted("padding counts, zero point -128", zero=-128),
    _counted("padding counts, zero point 127, relu", zero=127, activation="relu"),
    _counted("padding counts, but there is none", zero=40, pads=(0, 0, 0, 0)),
    _counted("rounded as uint8", count_include_pad=False, offset=128),
    _counted("rounded as uint8, padding counts", zero=-9, offset=128),
    _counted("int16, padding counts", kind="int16"),
    _counted("float, padding counts", kind="float32"),
    *factor.CASES["average_pool2d"],
)
