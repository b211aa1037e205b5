# SPDX-License-Identifier: Apache-2.0
"""How the tables of conv2d and depthwise_conv2d build a node from a few numbers."""

from __future__ import annotations

from typing import Any

from cases._case import SUMS_REORDERED, Case, Net, balanced, quant

Kernel = tuple[int, int]


def convolution(
    op: str,
    what: str,
    size: tuple[int, int, int],
    channels: int,
    kernel: Kernel,
    *,
    kind: str = "int8",
    bias: bool = True,
    scale_in: float = 0.05,
    zero_in: int = 3,
    scale_w: float = 0.01,
    largest_w: int = 127,
    one_scale: bool = False,
    scale_out: float | None = None,
    zero_out: int = -5,
    **attrs: Any,
) -> Case:
    """A case of conv2d or depthwise_conv2d.

    size:      H, W, C of the input
    channels:  C_out
    scale_out: by default such that the output fills int8
    """
    depthwise = op == "depthwise_conv2d"
    shape = (1, *kernel, channels) if depthwise else (channels, *kernel, size[2])
    axis = 3 if depthwise else 0
    n_taps = kernel[0] * kernel[1] * (1 if depthwise else size[2])

    def real(net: Net) -> str:
        x = net.input("x", (1, *size))
        values = [x, net.reals("w", shape, n_taps**-0.5)]
        if bias:
            values.append(net.reals("b", (channels,)))
        return net.node(op, values, **attrs)

    def integer(net: Net) -> str:
        x = net.int8((1, *size), scale_in, zero_in)
        only = scale_w if one_scale else None
        w = net.weights(shape, axis, scale=scale_w, largest=largest_w, per_tensor_scale=only)
        values = [x, w, *([net.bias(channels)] if bias else [])]
        wide = scale_out or balanced(n_taps, scale_in, scale_w * largest_w / 127)
        return net.node(op, values, quant=quant(wide, zero_out), **attrs)

    if kind == "float32":
        return Case(f"{op}/{what}", real, tolerance=2e-5, reason=SUMS_REORDERED)
    return Case(f"{op}/{what}", integer)
