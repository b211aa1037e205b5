# SPDX-License-Identifier: Apache-2.0
"""The table of quantizations that ReLU and ReLU6 go through."""

from __future__ import annotations

from cases._case import Case, Net, every_int8, quant


def clamps(op: str) -> tuple[Case, ...]:
    """The cases of relu or relu6."""

    def case(what: str, first: tuple[float, int], last: tuple[float, int]) -> Case:
        def build(net: Net) -> str:
            x = net.int8((1, 256), *first)
            return net.node(op, [x], quant=quant(*last))

        return Case(f"{op}/{what}", build, feed=every_int8(1))

    def real(net: Net) -> str:
        return net.node(op, [net.input("x", (1, 5, 3, 7))])

    def image(net: Net) -> str:
        return net.node(op, [net.int8((1, 3, 5, 7), 0.05, -3)])

    return (
        case("same quantization", (0.05, 0), (0.05, 0)),
        case("same quantization, zero point -128", (0.05, -128), (0.05, -128)),
        case("same quantization, zero point 127", (0.05, 127), (0.05, 127)),
        case("other scale and zero point", (0.07, 12), (0.031, -128)),
        case("to a far larger scale", (0.003, -9), (0.9, 5)),
        case("to a far smaller scale", (0.9, -9), (0.003, 5)),
        Case(f"{op}/odd shape", image),
        Case(f"{op}/float", real, spread=4.0),
    )
