# SPDX-License-Identifier: Apache-2.0
"""Cases of depthwise_conv2d."""

from functools import partial
from typing import Any

from cases import _factor as factor
from cases._case import Case
from cases._convolutions import convolution

_conv = partial(convolution, "depthwise_conv2d")


def _rectified(what: str, size: tuple[int, int, int], kernel: tuple[int, int], **more: Any) -> Case:
    """To zero point -128 and -128 .. 127."""
    more = {"activation": "relu", "zero_out": -128, **more}
    return _conv(f"rectified {what}", size, size[2], kernel, **more)


# sums of small integers times 1/4: one in four lies between two results, on either side of 0
_TIES: Any = {"scale_in": 1.0, "scale_w": 1.0, "largest_w": 1, "one_scale": True, "scale_out": 4.0}

CASES = (
    _conv("3x3 same", (6, 6, 8), 8, (3, 3), pads=(1, 1, 1, 1)),
    _conv("3x3 many channels, wide", (5, 45, 37), 37, (3, 3), pads=(1, 1, 1, 1)),
    _conv("3x3 many channels, stride 2", (19, 21, 19), 19, (3, 3), stride=(2, 2)),
    _conv("1x7, pads", (3, 13, 18), 18, (1, 7), pads=(0, 0, 3, 3), zero_in=127),
    _conv("9x1, dilation 2", (23, 1, 17), 17, (9, 1), stride=(2, 1), dilation=(2, 1)),
    _conv("15x1 to one output", (15, 1, 20), 20, (15, 1)),
    _conv("1x1, many rows", (9, 3, 4), 4, (1, 1)),
    _conv("4x4", (7, 6, 5), 5, (4, 4), pads=(1, 2, 2, 1)),
    _conv("3x3, ties", (6, 9, 6), 6, (3, 3), **_TIES),
    _conv("3x3, ties, relu6", (6, 7, 6), 6, (3, 3), activation="relu6", zero_out=-60, **_TIES),
    _rectified("3x3, ties", (6, 9, 5), (3, 3), stride=(1, 2), **_TIES),
    _conv("3x3 valid, odd channels", (5, 6, 7), 7, (3, 3)),
    _conv("3x3 one channel", (5, 5, 1), 1, (3, 3), pads=(1, 1, 1, 1)),
    _conv("3x3 odd width", (4, 7, 4), 4, (3, 3), pads=(1, 1, 1, 1)),
    _conv("3x3 width 1", (5, 1, 6), 6, (3, 3), pads=(1, 1, 1, 1)),
    _conv(
        "3x3 stride 2, pads bottom right", (6, 6, 5), 5, (3, 3), stride=(2, 2), pads=(0, 1, 0, 1)
    ),
    _conv("3x3 stride 2, pads top left", (7, 6, 4), 4, (3, 3), stride=(2, 2), pads=(1, 0, 1, 0)),
    _conv("3x3 stride 2x1", (7, 5, 4), 4, (3, 3), stride=(2, 1), pads=(1, 1, 1, 1)),
    _conv("3x3 dilation 2", (8, 7, 3), 3, (3, 3), dilation=(2, 2), pads=(2, 2, 2, 2)),
    _conv("depth multiplier 2", (5, 5, 3), 6, (3, 3), pads=(1, 1, 1, 1)),
    _conv("depth multiplier 4, one channel in", (6, 5, 1), 4, (3, 3)),
    _conv("depth multiplier 3, stride 2", (6, 5, 2), 6, (2, 2), stride=(2, 2)),
    _conv("1x1", (4, 3, 5), 5, (1, 1)),
    _conv("5x5", (7, 7, 2), 2, (5, 5), pads=(2, 2, 2, 2)),
    _conv("10x4 kernel, one channel in", (12, 6, 1), 8, (10, 4), stride=(2, 2), pads=(4, 5, 1, 1)),
    _conv("kernel as large as the input", (4, 5, 6), 6, (4, 5)),
    _conv("no bias", (4, 4, 4), 4, (3, 3), bias=False),
    _conv("one scale for all channels", (4, 4, 4), 4, (3, 3), one_scale=True),
    _conv("relu, zero point -128", (5, 5, 4), 4, (3, 3), activation="relu", zero_out=-128),
    _rectified("3x3 same, 7 channels, odd width", (5, 7, 7), (3, 3), pads=(1, 1, 1, 1)),
    _rectified("3x3 valid, batch of 2", (6, 6, 5), (3, 3), batch=2),
    _rectified("3x3 one column", (4, 1, 4), (3, 3), pads=(1, 1, 1, 1)),
    _rectified("3x3 high and narrow", (13, 3, 6), (3, 3), pads=(1, 1, 1, 1)),
    _rectified("3x3 high and narrow, even", (12, 4, 5), (3, 3), batch=2, pads=(2, 0, 0, 1)),
    _rectified("3x3 one output of a column", (3, 4, 4), (3, 3), zero_in=-128),
    _rectified("3x3 wide pads", (3, 4, 4), (3, 3), pads=(2, 1, 3, 2), zero_in=-128),
    _rectified("3x3 large planes", (13, 71, 5), (3, 3), pads=(1, 1, 1, 1)),
    _rectified("3x3 large planes, batch of 2", (9, 90, 4), (3, 3), batch=2, pads=(1, 0, 1, 1)),
    _rectified("3x3 stride 2", (9, 9, 6), (3, 3), stride=(2, 2), pads=(0, 1, 0, 1)),
    _rectified("3x3 stride 2, many rows", (41, 50, 5), (3, 3), stride=(2, 2), pads=(1, 1, 1, 1)),
    _rectified("3x3 stride 1x2, one scale", (5, 8, 4), (3, 3), stride=(1, 2), one_scale=True),
    _rectified("3x3 stride 2x1, odd width", (8, 7, 9), (3, 3), stride=(2, 1), pads=(1, 1, 1, 1)),
    _rectified("3x3 stride 3", (9, 10, 4), (3, 3), stride=(3, 3)),
    _rectified("5x1 of a series", (11, 1, 10), (5, 1)),
    _conv("1x1 of a series", (6, 1, 4), 4, (1, 1)),
    _conv("3x1 of a series, pads", (9, 1, 7), 7, (3, 1), pads=(2, 0, 0, 0), zero_in=127),
    _conv("1x4 of a series, batch", (1, 8, 9), 9, (1, 4), batch=3, pads=(0, 0, 1, 2)),
    _conv("7x1 of a series, one channel", (20, 1, 1), 1, (7, 1), pads=(3, 3, 0, 0), zero_in=-128),
    _conv("8x1 of a series, one scale", (13, 1, 6), 6, (8, 1), one_scale=True),
    _conv("10x1 of a series", (24, 1, 8), 8, (10, 1), activation="relu", zero_out=-128),
    _conv("kernel as long as a series", (15, 1, 5), 5, (15, 1)),
    _conv("kernel as long as a series of 8 channels", (9, 1, 8), 8, (9, 1)),
    _conv("kernel longer than a series", (3, 1, 4), 4, (9, 1), pads=(4, 4, 0, 0)),
    _conv("3x1 of a series, clamped", (9, 1, 4), 4, (3, 1), activation="relu6", zero_out=-60),
    _conv("3x1 of a series, stride 2", (9, 1, 4), 4, (3, 1), stride=(2, 1)),
    _conv("relu6", (5, 5, 4), 4, (3, 3), activation="relu6", scale_out=0.05, zero_out=-60),
    _conv("relu_n1_to_1", (5, 5, 4), 4, (3, 3), activation="relu_n1_to_1", scale_out=0.02),
    _conv("zero point in -128", (5, 5, 4), 4, (3, 3), pads=(1, 1, 1, 1), zero_in=-128),
    _conv("zero point in 127", (5, 5, 4), 4, (3, 3), pads=(1, 1, 1, 1), zero_in=127),
    _conv("saturates", (5, 5, 4), 4, (3, 3), scale_out=0.01),
    _conv(
        "multiplier above 1",
        (4, 4, 3),
        3,
        (1, 2),
        bias=False,
        zero_in=0,
        scale_in=0.001,
        largest_w=2,
        scale_out=1e-5,
        scale_w=0.05,
    ),
    _conv("multiplier far below 1", (4, 4, 3), 3, (3, 3), scale_out=40.0),
    _conv("batch of 3", (3, 4, 5), 5, (3, 3), batch=3, pads=(1, 1, 1, 1)),
    _conv(
        "weights with a zero point",
        (4, 5, 5),
        5,
        (3, 3),
        one_scale=True,
        zero_w=(76,),
        pads=(1, 1, 1, 1),
    ),
    _conv(
        "weights with zero points, depth multiplier 2", (4, 5, 2), 4, (2, 3), zero_w=(-9, 127, 0)
    ),
    _conv("int4 weights 3x3 same", (5, 4, 5), 5, (3, 3), kind_w="int4", pads=(1, 1, 1, 1)),
    _conv(
        "int4 weights, depth multiplier 3, stride 2",
        (6, 5, 2),
        6,
        (3, 2),
        kind_w="int4",
        stride=(2, 2),
    ),
    _conv("int4 weights 3x3, relu6", (6, 5, 9), 9, (3, 3), kind_w="int4", activation="relu6"),
    _conv("int4 weights of a series", (20, 1, 5), 5, (7, 1), kind_w="int4", pads=(3, 3, 0, 0)),
    _rectified("int4 weights 3x3 odd width", (5, 7, 7), (3, 3), kind_w="int4", pads=(1, 1, 1, 1)),
    _rectified(
        "int4 weights 3x3 high and narrow", (13, 3, 6), (3, 3), kind_w="int4", pads=(1, 1, 1, 1)
    ),
    _rectified(
        "int4 weights 3x3 large planes", (13, 71, 5), (3, 3), kind_w="int4", pads=(1, 1, 1, 1)
    ),
    _rectified(
        "int4 weights 3x3 stride 2",
        (9, 9, 6),
        (3, 3),
        kind_w="int4",
        stride=(2, 2),
        pads=(0, 1, 0, 1),
    ),
    _rectified("int4 weights 3x3, ties", (6, 9, 5), (3, 3), kind_w="int4", **_TIES),
    _rectified("int4 weights, scales near 1", (5, 4, 6), (3, 3), kind_w="int4", scale_out=2e-3),
    _conv("int16 3x3 same", (5, 4, 6), 6, (3, 3), kind="int16", pads=(1, 1, 1, 1)),
    _conv("int16 depth multiplier 2", (5, 5, 3), 6, (3, 2), kind="int16", stride=(2, 1)),
    _conv(
        "int16 int32 bias, dilation",
        (6, 5, 3),
        3,
        (3, 2),
        kind="int16",
        bias="int32",
        dilation=(2, 2),
    ),
    _conv(
        "int16 one scale, relu",
        (5, 5, 2),
        2,
        (3, 3),
        kind="int16",
        one_scale=True,
        activation="relu",
    ),
    _conv("hybrid 3x3 same", (5, 4, 3), 6, (3, 3), kind="hybrid", pads=(1, 1, 1, 1)),
    _conv(
        "hybrid samples by zero points",
        (5, 4, 3),
        3,
        (3, 3),
        kind="hybrid",
        pads=(1, 1, 1, 1),
        input_quantization="asymmetric",
    ),
    _conv(
        "float 3x3 stride 2", (7, 6, 5), 5, (3, 3), kind="float32", stride=(2, 2), pads=(1, 1, 0, 1)
    ),
    _conv(
        "float depth multiplier 2, relu6", (5, 5, 3), 6, (3, 3), kind="float32", activation="relu6"
    ),
    _conv(
        "float dilation 2, no bias",
        (7, 7, 3),
        3,
        (3, 3),
        kind="float32",
        bias=False,
        dilation=(2, 2),
    ),
    _conv("one position, 5x1", (5, 1, 12), 12, (5, 1)),
    _conv("one position, 4x1, rectified", (4, 1, 8), 8, (4, 1), activation="relu", zero_out=-128),
    _conv("one position, 1x3, clamped", (1, 3, 4), 4, (1, 3), activation="relu6", scale_out=0.05),
    _conv("one position, 1x1", (1, 1, 8), 8, (1, 1), zero_out=-128),
    _conv("one position, 3x1 dilated, batch of 2", (5, 1, 8), 8, (3, 1), dilation=(2, 1), batch=2),
    _conv("one position, 1x2 dilated", (1, 4, 4), 4, (1, 2), dilation=(1, 3), zero_in=-128),
    _conv("one position, 2x3", (2, 3, 4), 4, (2, 3)),
    _conv("one position, one column of several", (3, 2, 4), 4, (3, 1), stride=(1, 2)),
    _conv("int4 weights, one position, 5x1", (5, 1, 12), 12, (5, 1), kind_w="int4"),
    _rectified("int4 weights, one position, 4x1", (4, 1, 8), (4, 1), kind_w="int4"),
    _conv(
        "int4 weights, one position, 1x3, clamped, batch of 2",
        (1, 3, 4),
        4,
        (1, 3),
        kind_w="int4",
        activation="relu6",
        scale_out=0.05,
        batch=2,
    ),
    _conv("int4 weights, one position, 1x1, saturates", (1, 1, 4), 4, (1, 1), kind_w="int4"),
    *factor.CASES["depthwise_conv2d"],
)
