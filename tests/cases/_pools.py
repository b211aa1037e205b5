# SPDX-License-Identifier: Apache-2.0
"""The table of windows that both pooling ops go through."""

from __future__ import annotations

from typing import Any

from cases._case import Case, Net, quant


def pools(op: str, tolerance: float, reason: str) -> tuple[Case, ...]:
    """The cases of average_pool2d or max_pool2d."""

    def case(
        what: str,
        size: tuple[int, int, int],
        kernel: tuple[int, int],
        stride: tuple[int, int] = (2, 2),
        zero: int = 0,
        scale: float = 0.05,
        kind: str = "int8",
        **attrs: Any,
    ) -> Case:
        def build(net: Net) -> str:
            shape = (1, *size)
            given = None if kind == "float32" else quant(scale, zero)
            x = net.input("x", shape, kind, given)
            return net.node(op, [x], kernel_size=kernel, stride=stride, **attrs)

        if kind == "float32":
            return Case(f"{op}/{what}", build, tolerance, reason, spread=4.0)
        return Case(f"{op}/{what}", build)

    return (
        case("2x2", (6, 4, 8), (2, 2)),
        case("2x2 odd size and channels", (5, 7, 3), (2, 2)),
        case("3x3 stride 2, pads bottom right", (6, 6, 5), (3, 3), pads=(0, 1, 0, 1)),
        case("3x3 stride 1, same", (5, 4, 4), (3, 3), (1, 1), pads=(1, 1, 1, 1), zero=-128),
        case("3x2 stride 3x1, uneven pads", (7, 5, 2), (3, 2), (3, 1), pads=(2, 1, 1, 0), zero=40),
        case("one channel", (4, 4, 1), (2, 2)),
        case("all of 7 channels at an end", (16, 16, 7), (16, 16), (1, 1), zero=-128),
        case("more than 256 taps", (17, 16, 5), (17, 16), (1, 1)),
        case("1x1", (3, 3, 6), (1, 1), (1, 1)),
        case("global 7x7", (7, 7, 9), (7, 7)),
        case("2x2, 11 channels, relu6", (5, 6, 11), (2, 2), zero=-20, activation="relu6"),
        case("3x2 of 8 channels, relu", (7, 5, 8), (3, 2), (1, 2), zero=30, activation="relu"),
        case("17x15 of a large map", (18, 16, 8), (17, 15), (1, 1)),
        case("global 25x5", (25, 5, 4), (25, 5), (1, 1), zero=-128),
        case("relu", (6, 6, 4), (2, 2), zero=-20, activation="relu"),
        case("relu6", (6, 6, 4), (2, 2), zero=-20, activation="relu6"),
        case("relu_n1_to_1", (6, 6, 4), (2, 2), zero=7, activation="relu_n1_to_1", scale=0.02),
        case("int16 3x3, same", (5, 4, 3), (3, 3), (1, 1), kind="int16", pads=(1, 1, 1, 1)),
        case("int16 2x3, relu6", (6, 7, 2), (2, 3), kind="int16", scale=1e-3, activation="relu6"),
        case("int16 global", (9, 8, 5), (9, 8), kind="int16"),
        case("float 2x2", (6, 5, 5), (2, 2), kind="float32"),
        case(
            "float 3x3 pads, relu6",
            (6, 5, 3),
            (3, 3),
            kind="float32",
            pads=(1, 0, 0, 1),
            activation="relu6",
        ),
        case("float global", (5, 6, 7), (5, 6), kind="float32"),
    )
