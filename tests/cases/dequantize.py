# SPDX-License-Identifier: Apache-2.0
"""Cases of dequantize."""

from __future__ import annotations

from cases._case import Case, Net, quant
from iseul.graph.ir import DType


def _case(what: str, kind: DType, scale: float, zero: int) -> Case:
    def build(net: Net) -> str:
        x = net.input("x", (1, 8, 33), kind, quant(scale, zero))
        return net.node("dequantize", [x], dtype="float32")

    return Case(f"dequantize/{what}", build)


CASES = (
    _case("int8", "int8", 0.0371, 5),
    _case("int8, zero point -128", "int8", 1 / 256, -128),
    _case("uint8", "uint8", 0.0123, 128),
    _case("int16", "int16", 3.1e-4, 0),
    _case("int32", "int32", 2.7e-8, 0),
)
