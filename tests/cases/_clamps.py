# SPDX-License-Identifier: Apache-2.0
"""The table of quantizations that ReLU and its kin go through, and their scalar text."""

from __future__ import annotations

from cases._case import Array, Case, Net, every_int8, quant
from cases._pointwise import each, int16_case
from cases._scalar import RANGE, Op, multiply, quantize_multiplier, scale, to_integer, zero

_ENDS = {"relu_n1_to_1": (-1.0, 1.0), "relu_0_to_1": (0.0, 1.0)}


def scalar(op: Op) -> Array:
    """Of the ones with two ends that fused activations do not have."""
    low, high = _ENDS[op.node.op]
    if op.real:
        return each(op, lambda x: min(max(x, low), high))
    least, most = RANGE[op.out.dtype]
    least, most = max(least, to_integer(low, op.out)), min(most, to_integer(high, op.out))
    pair = quantize_multiplier(scale(op.values[0]) / scale(op.out))

    def function(q: int) -> int:
        result = multiply(q - zero(op.values[0]), *pair) + zero(op.out)
        return min(max(result, least), most)

    return each(op, function)


def clamps(op: str) -> tuple[Case, ...]:
    """The cases of relu, relu6, relu_n1_to_1 or relu_0_to_1."""

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
        int16_case(op, "int16, same scale", (3.1e-4, 0), (3.1e-4, 0)),
        int16_case(op, "int16, other scale", (3.1e-4, 0), (2.7e-4, 0)),
        int16_case(op, "int16, to a far larger scale", (1e-5, 0), (0.3, 0)),
        int16_case(op, "int16, to a far smaller scale", (0.3, 0), (1e-4, 0)),
        Case(f"{op}/odd shape", image),
        Case(f"{op}/float", real, spread=4.0),
    )
