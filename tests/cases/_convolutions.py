# SPDX-License-Identifier: Apache-2.0
"""How the tables of convolutions build a node from a few numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cases._case import SUMS_REORDERED, Case, Net, balanced, quant
from iseul.graph.ir import DType
from iseul.numerics.affine import INTEGER_RANGE

Kernel = tuple[int, int]


def convolution(
    op: str,
    what: str,
    size: tuple[int, int, int],
    channels: int,
    kernel: Kernel,
    /,
    *,
    kind: str = "int8",
    bias: bool | str = True,
    batch: int = 1,
    groups: int = 1,
    scale_in: float = 0.05,
    zero_in: int = 3,
    scale_w: float = 0.01,
    largest_w: int = 127,
    zero_w: Sequence[int] = (0,),
    kind_w: DType = "int8",
    one_scale: bool = False,
    scale_out: float | None = None,
    zero_out: int = -5,
    **attrs: Any,
) -> Case:
    """A case of conv2d, depthwise_conv2d or transpose_conv.

    size:      H, W, C of the input
    channels:  C_out
    kind:      of the activations; "hybrid": floats with integer weights
    bias:      whether there is one, or its dtype where that is not the usual one
    zero_w:    zero points of the weights' channels, in turn
    kind_w:    of the weights
    scale_out: by default such that the output fills int8 or int16
    """
    depthwise = op == "depthwise_conv2d"
    shape = (1, *kernel, channels) if depthwise else (channels, *kernel, size[2] // groups)
    axis = 3 if depthwise else 0
    n_taps = kernel[0] * kernel[1] * (1 if depthwise else size[2] // groups)
    x_shape = (batch, *size)

    def real(net: Net) -> str:
        x = net.input("x", x_shape)
        values = [x, net.reals("w", shape, n_taps**-0.5)]
        if bias:
            values.append(net.reals("b", (channels,)))
        return net.node(op, values, **attrs)

    def hybrid(net: Net) -> str:
        x = net.input("x", x_shape)
        largest = min(largest_w, INTEGER_RANGE[kind_w][1])
        scale = n_taps**-0.5 / largest
        only = scale if one_scale else None
        w = net.weights(
            shape, axis, scale=scale, per_tensor_scale=only, zero_point=zero_w, dtype=kind_w
        )
        values = [x, w, *([net.reals("b", (channels,))] if bias else [])]
        return net.node(op, values, **attrs)

    def integer(net: Net) -> str:
        is_int8 = kind == "int8"
        x = net.int8(x_shape, scale_in, zero_in) if is_int8 else net.int16(x_shape, scale_in)
        only = scale_w if one_scale else None
        w = net.weights(
            shape,
            axis,
            scale=scale_w,
            largest=largest_w,
            per_tensor_scale=only,
            zero_point=zero_w,
            dtype=kind_w,
        )
        values = [x, w, *net.bias_of(kind, bias, channels)]
        largest = min(largest_w, INTEGER_RANGE[kind_w][1])
        fills = scale_out or balanced(n_taps, scale_in, scale_w * largest / 127)
        return net.node(op, values, quant=quant(fills, zero_out if is_int8 else 0), **attrs)

    if kind == "hybrid":
        return Case(f"{op}/{what}", hybrid, tolerance=2e-5, reason=SUMS_REORDERED)
    if kind == "float32":
        return Case(f"{op}/{what}", real, tolerance=2e-5, reason=SUMS_REORDERED)
    return Case(f"{op}/{what}", integer)
