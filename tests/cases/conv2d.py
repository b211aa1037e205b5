# SPDX-License-Identifier: Apache-2.0
"""Cases of conv2d."""

from functools import partial
from typing import Any

import numpy as np

from cases import _factor as factor
from cases._case import Case, Net, quant
from cases._convolutions import convolution

_conv = partial(convolution, "conv2d")


def _overflowing(net: Net) -> str:
    """The corner samples (all -32768, all 32767) have sums beyond 32 bits."""
    x = net.int16((1, 2, 3, 300), 2e-4)
    w = net.constant("w", np.full((3, 2, 2, 300), 127, np.int8), quant=quant(0.01))
    return net.node("conv2d", [x, w], quant=quant(0.06))


def _wide_bias(net: Net) -> str:
    """A bias that needs more than 32 bits, of either sign."""
    x = net.int16((1, 3, 3, 2), 2e-4)
    w = net.weights((4, 2, 2, 2), 0)
    b = net.constant("b", np.array([2**33 + 5, -(2**34) + 3, 0, -7], np.int64))
    return net.node("conv2d", [x, w, b], quant=quant(2.0))


def _rectified(what: str, size: tuple[int, int, int], n: int, kernel: Any, **more: Any) -> Case:
    """To zero point -128 and -128 .. 127."""
    more = {"activation": "relu", "zero_out": -128, **more}
    return _conv(f"rectified {what}", size, n, kernel, **more)


# sums of small integers times 1/4: one in four lies between two results, on either side of 0
_TIES: Any = {"scale_in": 1.0, "scale_w": 1.0, "largest_w": 1, "one_scale": True, "scale_out": 4.0}

CASES = (
    _conv("1x1", (4, 5, 8), 8, (1, 1)),
    _conv("1x1 of 32 channels", (5, 4, 32), 6, (1, 1)),
    _conv("rows of windows in pieces", (2, 20, 64), 5, (1, 3), dilation=(1, 2), pads=(0, 0, 2, 2)),
    _conv("3x3 of many channels", (6, 6, 24), 9, (3, 3), pads=(1, 1, 1, 1), zero_in=-128),
    _conv("1x1, ties", (5, 5, 16), 7, (1, 1), **_TIES),
    _conv("3x3, ties, relu6", (5, 5, 4), 6, (3, 3), activation="relu6", zero_out=-60, **_TIES),
    _rectified("3x3, ties", (5, 5, 4), 6, (3, 3), **_TIES),
    _conv("weights of -128", (5, 4, 24), 7, (3, 3), largest_w=128),
    _conv("weights of -128, pads", (4, 4, 6), 5, (3, 3), largest_w=128, pads=(1, 1, 1, 1)),
    _conv("weights of -128, clamped", (4, 4, 40), 8, (3, 3), largest_w=128, activation="relu6"),
    _conv("1x1 odd channels", (3, 3, 7), 5, (1, 1)),
    _conv("1x1 one channel in and out", (3, 4, 1), 1, (1, 1)),
    _conv("1x1 many channels", (2, 3, 67), 9, (1, 1)),
    _conv("1x1 stride 2", (5, 6, 6), 4, (1, 1), stride=(2, 2)),
    _conv("3x3 valid", (6, 5, 4), 6, (3, 3)),
    _conv("3x3 same", (5, 6, 3), 4, (3, 3), pads=(1, 1, 1, 1)),
    _conv(
        "3x3 stride 2, pads bottom right", (6, 6, 4), 4, (3, 3), stride=(2, 2), pads=(0, 1, 0, 1)
    ),
    _conv("3x3 stride 2, pads top left", (6, 7, 2), 3, (3, 3), stride=(2, 2), pads=(1, 0, 1, 0)),
    _conv("3x3 one channel in", (7, 7, 1), 8, (3, 3), pads=(1, 1, 1, 1)),
    _conv("3x3 dilation 2", (7, 8, 3), 3, (3, 3), dilation=(2, 2), pads=(2, 2, 2, 2)),
    _conv("3x3 dilation 1x3, stride 2x1", (7, 9, 2), 3, (3, 3), dilation=(1, 3), stride=(2, 1)),
    _conv("2x2 even kernel", (4, 4, 4), 4, (2, 2), pads=(0, 1, 0, 1)),
    _conv("10x4 kernel", (12, 6, 1), 6, (10, 4), stride=(2, 2), pads=(4, 5, 1, 1)),
    _conv("1x5 row kernel", (3, 8, 2), 3, (1, 5), pads=(0, 0, 2, 2)),
    _conv("kernel as large as the input", (4, 3, 5), 6, (4, 3)),
    _conv("pads wider than the kernel", (2, 2, 2), 2, (1, 1), pads=(2, 1, 0, 3)),
    _conv("no bias", (4, 4, 3), 4, (3, 3), bias=False),
    _conv("one scale for all channels", (4, 4, 3), 4, (3, 3), one_scale=True),
    _conv("relu", (4, 4, 4), 4, (3, 3), activation="relu"),
    _conv("relu, zero point -128", (4, 4, 4), 4, (3, 3), activation="relu", zero_out=-128),
    _rectified("1x1, 4 positions", (2, 2, 8), 6, (1, 1)),
    _rectified("1x1, 5 positions, odd channels", (5, 1, 12), 7, (1, 1)),
    _rectified("1x1 of 16 channels, batch of 2", (3, 1, 16), 3, (1, 1), batch=2),
    _rectified("1x1 of 21 channels", (3, 3, 21), 2, (1, 1)),
    _rectified("3x3 same, odd everything", (5, 7, 3), 5, (3, 3), pads=(1, 1, 1, 1)),
    _rectified("3x3 stride 2", (8, 8, 3), 8, (3, 3), stride=(2, 2), pads=(0, 1, 0, 1)),
    _rectified("3x3 dilation 2", (7, 8, 5), 4, (3, 3), dilation=(2, 2), pads=(2, 2, 2, 2)),
    _rectified("2x5 of 6 channels, one scale", (4, 9, 6), 4, (2, 5), one_scale=True),
    _rectified("3x1, zero point in 127", (9, 1, 7), 1, (3, 1), pads=(2, 0, 0, 0), zero_in=127),
    _conv("relu6", (4, 4, 4), 4, (3, 3), activation="relu6", scale_out=0.05, zero_out=-60),
    _conv("relu_n1_to_1", (4, 4, 4), 4, (3, 3), activation="relu_n1_to_1", scale_out=0.02),
    _conv("zero point in -128", (4, 4, 4), 4, (3, 3), pads=(1, 1, 1, 1), zero_in=-128),
    _conv("zero point in 127", (4, 4, 4), 4, (3, 3), pads=(1, 1, 1, 1), zero_in=127),
    _conv("zero point out 127", (4, 4, 4), 4, (3, 3), zero_out=127),
    _conv("saturates", (4, 4, 4), 6, (3, 3), scale_out=0.02),
    _conv(
        "multiplier above 1",
        (4, 4, 2),
        4,
        (1, 1),
        bias=False,
        zero_in=0,
        scale_in=0.001,
        largest_w=2,
        scale_out=1e-5,
        scale_w=0.05,
    ),
    _conv("multiplier far below 1", (3, 3, 8), 4, (3, 3), scale_out=40.0),
    _conv("one position, far below 1, batch of 2", (3, 3, 8), 4, (3, 3), scale_out=40.0, batch=2),
    _conv("multiplier 0: everything is the zero point", (2, 2, 2), 2, (1, 1), scale_out=1e7),
    _conv("batch of 2", (3, 4, 3), 4, (3, 3), batch=2, pads=(1, 1, 1, 1)),
    _conv("2 groups", (4, 5, 6), 8, (3, 3), groups=2, pads=(1, 1, 1, 1)),
    _conv("3 groups of one output, dilation", (5, 6, 6), 3, (2, 3), groups=3, dilation=(2, 2)),
    _conv("a group per channel, stride 2", (5, 5, 4), 8, (3, 3), groups=4, stride=(2, 2)),
    _conv(
        "weights with a zero point",
        (4, 4, 3),
        4,
        (3, 3),
        one_scale=True,
        zero_w=(29,),
        pads=(1, 0, 1, 0),
    ),
    _conv(
        "weights with zero points, groups", (4, 4, 4), 6, (2, 3), zero_w=(-128, 127, 5), groups=2
    ),
    _conv("int4 weights 1x1", (3, 4, 8), 6, (1, 1), kind_w="int4"),
    _conv(
        "int4 weights 3x3 same, odd channels",
        (5, 4, 3),
        5,
        (3, 3),
        kind_w="int4",
        pads=(1, 1, 1, 1),
    ),
    _conv("int4 weights, one channel in", (5, 4, 1), 3, (2, 3), kind_w="int4", zero_in=-128),
    _conv(
        "int4 weights dilation, stride, no bias",
        (7, 8, 3),
        4,
        (3, 2),
        kind_w="int4",
        dilation=(2, 2),
        stride=(2, 1),
        bias=False,
    ),
    _conv(
        "int4 weights groups, zero points",
        (4, 5, 6),
        4,
        (2, 3),
        kind_w="int4",
        groups=2,
        zero_w=(-8, 7, 0),
    ),
    _conv("int4 weights 1x1, ties", (5, 5, 16), 7, (1, 1), kind_w="int4", **_TIES),
    _conv("int4 weights 1x1 of 52 channels", (3, 5, 52), 10, (1, 1), kind_w="int4", zero_in=-128),
    _rectified("int4 weights 3x3, ties", (5, 5, 4), 6, (3, 3), kind_w="int4", **_TIES),
    _rectified("int4 weights 1x1, batch of 2", (3, 1, 16), 5, (1, 1), kind_w="int4", batch=2),
    _rectified(
        "int4 weights 3x3 stride 2",
        (8, 8, 3),
        8,
        (3, 3),
        kind_w="int4",
        stride=(2, 2),
        pads=(0, 1, 0, 1),
    ),
    _rectified("int4 weights, scales near 1", (4, 4, 1), 6, (2, 1), kind_w="int4", scale_out=1e-3),
    _rectified("int4 weights in two parts", (3, 4, 64), 41, (3, 3), kind_w="int4"),
    _conv(
        "int4 weights in two parts, relu6",
        (1, 2, 512),
        44,
        (1, 1),
        kind_w="int4",
        activation="relu6",
        scale_out=0.05,
        zero_out=-60,
    ),
    _conv("one position, 1x2, int4 weights", (1, 2, 12), 7, (1, 2), kind_w="int4"),
    _rectified("one position, int4 weights", (1, 2, 8), 3, (1, 2), kind_w="int4"),
    _conv("int16 1x1", (3, 4, 8), 5, (1, 1), kind="int16", scale_in=2e-4),
    _conv("int16 3x3 same", (5, 4, 3), 4, (3, 3), kind="int16", pads=(1, 1, 1, 1)),
    _conv("int16 dilation, stride", (7, 8, 2), 3, (3, 2), kind="int16", dilation=(2, 3)),
    _conv("int16 int32 bias", (4, 4, 3), 4, (3, 3), kind="int16", bias="int32"),
    _conv("int16 no bias", (4, 4, 3), 4, (3, 3), kind="int16", bias=False, stride=(2, 1)),
    Case("conv2d/int16 wide bias", _wide_bias),
    Case(
        "conv2d/int16 int32 sums wrap around", _overflowing, skips={"fake_quantize": "reals do not"}
    ),
    _conv("int16 sums of 64 bits", (3, 3, 128), 2, (3, 3), kind="int16"),
    _conv("int16 relu6, one scale", (4, 4, 3), 4, (2, 2), kind="int16", activation="relu6"),
    _conv("int16 saturates", (4, 4, 3), 4, (3, 3), kind="int16", scale_out=1e-3),
    _conv("int16 groups, batch", (4, 3, 6), 4, (3, 2), kind="int16", groups=2, batch=2),
    _conv(
        "int16 multiplier above 1",
        (4, 4, 2),
        4,
        (1, 1),
        kind="int16",
        scale_in=1e-3,
        largest_w=2,
        scale_w=0.5,
        scale_out=3e-4,
    ),
    _conv(
        "int16 int32 sums shift left",
        (4, 4, 2),
        4,
        (1, 1),
        kind="int16",
        bias="int32",
        scale_out=3e-4,
    ),
    _conv("hybrid 3x3 same", (5, 4, 3), 4, (3, 3), kind="hybrid", pads=(1, 1, 1, 1)),
    _conv(
        "hybrid groups, zero points, dilation",
        (6, 5, 4),
        6,
        (2, 3),
        kind="hybrid",
        groups=2,
        zero_w=(5, -90),
        dilation=(2, 2),
    ),
    _conv(
        "hybrid int4 weights, no bias",
        (4, 4, 3),
        3,
        (2, 2),
        kind="hybrid",
        kind_w="int4",
        bias=False,
    ),
    _conv(
        "hybrid samples to int8",
        (5, 4, 3),
        4,
        (3, 3),
        kind="hybrid",
        pads=(1, 1, 1, 1),
        input_quantization="symmetric",
        one_scale=True,
    ),
    _conv(
        "hybrid samples by zero points",
        (5, 4, 3),
        4,
        (3, 3),
        kind="hybrid",
        pads=(1, 1, 1, 1),
        input_quantization="asymmetric",
    ),
    _conv(
        "hybrid samples by zero points, groups, batch",
        (5, 4, 4),
        4,
        (2, 2),
        kind="hybrid",
        groups=2,
        batch=2,
        input_quantization="asymmetric",
        activation="relu",
    ),
    _conv("float 2 groups, batch", (4, 5, 6), 8, (3, 3), kind="float32", groups=2, batch=2),
    _conv("float 1x1", (4, 5, 7), 5, (1, 1), kind="float32"),
    _conv(
        "float 3x3 stride 2", (7, 6, 3), 4, (3, 3), kind="float32", stride=(2, 2), pads=(1, 1, 0, 1)
    ),
    _conv(
        "float 3x3 dilation 2, relu6",
        (7, 8, 3),
        3,
        (3, 3),
        kind="float32",
        dilation=(2, 2),
        pads=(2, 2, 2, 2),
        activation="relu6",
    ),
    _conv(
        "float no bias, relu", (4, 4, 3), 4, (3, 3), kind="float32", bias=False, activation="relu"
    ),
    _conv("float relu_n1_to_1", (4, 4, 3), 4, (3, 3), kind="float32", activation="relu_n1_to_1"),
    _conv("one position, 3x1", (3, 1, 5), 7, (3, 1)),
    _conv("one position, 1x1, rectified", (1, 1, 40), 18, (1, 1), activation="relu", zero_out=-128),
    _conv("one position, 1x2, clamped", (1, 2, 8), 5, (1, 2), activation="relu6", scale_out=0.05),
    _conv("one position, batch of 2", (2, 2, 4), 6, (2, 2), batch=2),
    *factor.CASES["conv2d"],
)
