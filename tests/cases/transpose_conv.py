# SPDX-License-Identifier: Apache-2.0
"""Cases of transpose_conv, and its scalar text."""

from __future__ import annotations

from functools import partial

import numpy as np

from cases._convolutions import convolution
from cases._scalar import Array, Op, weight_zero, zero

_conv = partial(convolution, "transpose_conv")

CASES = (
    _conv("2x2 stride 2", (3, 4, 5), 6, (2, 2), size=(6, 8), stride=(2, 2)),
    _conv("3x3 stride 2", (3, 4, 4), 3, (3, 3), size=(7, 9), stride=(2, 2)),
    _conv("3x3 stride 2, same", (3, 4, 4), 3, (3, 3), size=(6, 8), stride=(2, 2)),
    _conv("3x3 stride 1, cut", (4, 3, 2), 5, (3, 3), size=(4, 3), cut=(1, 1)),
    _conv("4x4 stride 2, cut", (3, 3, 3), 2, (4, 4), size=(6, 6), stride=(2, 2), cut=(1, 1)),
    _conv("kernel smaller than the stride", (3, 2, 3), 4, (2, 1), size=(9, 6), stride=(3, 3)),
    _conv(
        "stride 3x2, cut at the left", (2, 4, 2), 3, (4, 3), size=(7, 6), stride=(3, 2), cut=(0, 2)
    ),
    _conv("more output than is reached", (2, 2, 3), 3, (2, 2), size=(7, 5), stride=(2, 2)),
    _conv("less output than is reached", (4, 5, 3), 3, (3, 3), size=(3, 4), stride=(2, 2)),
    _conv("dilation 2", (3, 4, 2), 3, (3, 2), size=(7, 6), dilation=(2, 2)),
    _conv(
        "dilation 3x2, stride 2", (3, 3, 2), 2, (2, 3), size=(8, 9), dilation=(3, 2), stride=(2, 2)
    ),
    _conv(
        "dilation 2, stride 4", (2, 2, 2), 2, (3, 2), size=(9, 7), dilation=(2, 2), stride=(4, 4)
    ),
    _conv("1x1", (3, 3, 5), 4, (1, 1), size=(3, 3)),
    _conv("row kernel", (1, 5, 4), 3, (1, 4), size=(1, 12), stride=(1, 2)),
    _conv("2 groups", (3, 3, 4), 6, (3, 3), size=(7, 7), stride=(2, 2), groups=2),
    _conv("a group per channel", (3, 3, 3), 3, (2, 2), size=(6, 6), stride=(2, 2), groups=3),
    _conv("batch of 2", (2, 3, 3), 2, (3, 3), size=(5, 7), stride=(2, 2), batch=2),
    _conv("no bias", (3, 3, 3), 3, (3, 3), size=(7, 7), stride=(2, 2), bias=False),
    _conv(
        "one scale, zero point in -128",
        (3, 3, 3),
        3,
        (2, 2),
        size=(6, 6),
        stride=(2, 2),
        one_scale=True,
        zero_in=-128,
    ),
    _conv(
        "relu6",
        (3, 3, 3),
        3,
        (2, 2),
        size=(6, 6),
        stride=(2, 2),
        activation="relu6",
        scale_out=0.05,
        zero_out=-60,
    ),
    _conv("saturates", (3, 3, 3), 3, (3, 3), size=(7, 7), stride=(2, 2), scale_out=0.01),
    _conv(
        "weights with zero points",
        (3, 3, 4),
        6,
        (3, 3),
        size=(7, 7),
        stride=(2, 2),
        zero_w=(9, -128),
        groups=2,
    ),
    _conv("int16 3x3 stride 2", (3, 4, 4), 3, (3, 3), size=(7, 9), stride=(2, 2), kind="int16"),
    _conv(
        "int16 cut, relu",
        (3, 3, 3),
        2,
        (4, 4),
        size=(6, 6),
        stride=(2, 2),
        cut=(1, 1),
        kind="int16",
        activation="relu",
    ),
    _conv(
        "int16 int32 bias, groups",
        (3, 3, 4),
        2,
        (3, 2),
        size=(7, 6),
        stride=(2, 2),
        groups=2,
        kind="int16",
        bias="int32",
    ),
    _conv("float 3x3 stride 2", (3, 4, 4), 3, (3, 3), size=(7, 9), stride=(2, 2), kind="float32"),
    _conv(
        "float cut, relu6",
        (3, 3, 3),
        2,
        (4, 4),
        size=(6, 6),
        stride=(2, 2),
        cut=(1, 1),
        kind="float32",
        activation="relu6",
    ),
    _conv(
        "float no bias, groups, dilation",
        (3, 3, 4),
        6,
        (3, 2),
        size=(8, 7),
        dilation=(2, 3),
        groups=2,
        kind="float32",
        bias=False,
    ),
)


def scalar(op: Op) -> Array:
    """The reference's scatter: each input adds to what its window covers."""
    x, w, attrs = op.x[0].tolist(), op.x[1].tolist(), op.attrs
    n_out, *kernel, depth = op.x[1].shape
    per_group = n_out // (op.x[0].shape[3] // depth)
    totals = np.zeros(op.out.shape, object)
    for n, y, column, c in np.ndindex(op.x[0].shape):
        for i, j in np.ndindex(*kernel):
            row = y * attrs.stride[0] - attrs.cut[0] + i * attrs.dilation[0]
            place = column * attrs.stride[1] - attrs.cut[1] + j * attrs.dilation[1]
            if not (0 <= row < op.out.shape[1] and 0 <= place < op.out.shape[2]):
                continue
            group = c // depth
            for o in range(group * per_group, (group + 1) * per_group):
                value = x[n][y][column][c] - zero(op.values[0])
                weight = w[o][i][j][c % depth] - weight_zero(op, o)
                totals[n, row, place, o] += value * weight
    result = np.zeros(op.out.shape)
    for at in np.ndindex(op.out.shape):
        result[at] = op.finish(totals[at], at[3], op.conv_multiplier(at[3]))
    return result
