# SPDX-License-Identifier: Apache-2.0
"""What sliding-window ops share: output sizes, padding, patches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from iseul.graph.ir import Shape
    from iseul.numerics import Array

Pair = tuple[int, int]
Pads = tuple[int, int, int, int]


def output_size(size: int, kernel: int, stride: int, dilation: int, pads: Pair) -> int:
    """Positions of a window along one axis: floor((size + pads - reach) / stride) + 1.

    Raises ShapeError if the window does not fit once.
    """
    reach = (kernel - 1) * dilation + 1
    n = (size + sum(pads) - reach) // stride + 1
    if n < 1:
        raise ShapeError(
            f"window of {reach} (kernel_size {kernel}, dilation {dilation}) does not fit into "
            f"{size} + {pads[0]} + {pads[1]} padding",
            "smaller kernel_size or dilation, or more padding",
        )
    return n


def output_shape(x: Shape, kernel: Pair, stride: Pair, dilation: Pair, pads: Pads) -> Pair:
    """(H_out, W_out) of a window over an NHWC shape; pads are top, bottom, left, right."""
    if len(x) != 4:
        raise ShapeError(f"input has shape {x}, must be NHWC with 4 axes")
    return (
        output_size(x[1], kernel[0], stride[0], dilation[0], (pads[0], pads[1])),
        output_size(x[2], kernel[1], stride[1], dilation[1], (pads[2], pads[3])),
    )


def same_pads(size: Pair, kernel: Pair, stride: Pair, dilation: Pair = (1, 1)) -> Pads:
    """Explicit pads of TensorFlow's SAME: the odd one goes to the bottom and the right."""
    pads: list[int] = []
    for n, k, s, d in zip(size, kernel, stride, dilation, strict=True):
        out = -(-n // s)
        total = max(0, (out - 1) * s + (k - 1) * d + 1 - n)
        pads += [total // 2, total - total // 2]
    return (pads[0], pads[1], pads[2], pads[3])


def padded(x: Array, pads: Pads, value: float) -> Array:
    """x (N, H, W, C) with a border of `value`; x itself if there is no border."""
    if not any(pads):
        return x
    return np.pad(
        x, ((0, 0), (pads[0], pads[1]), (pads[2], pads[3]), (0, 0)), constant_values=value
    )


def padded_torch(x: Any, pads: Pads, value: float) -> Any:
    """`padded` of a torch tensor (N, C, H, W); memory order is kept."""
    import torch.nn.functional as f

    if not any(pads):
        return x
    return f.pad(x, (pads[2], pads[3], pads[0], pads[1]), value=value)


def taps(
    x: Array, kernel: Pair, stride: Pair, dilation: Pair, out: Pair
) -> Iterator[tuple[int, int, Array]]:
    """(kernel row, kernel column, view of x under that tap (N, H_out, W_out, C)) for each tap."""
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            top, left = i * dilation[0], j * dilation[1]
            yield (
                i,
                j,
                x[
                    :,
                    top : top + (out[0] - 1) * stride[0] + 1 : stride[0],
                    left : left + (out[1] - 1) * stride[1] + 1 : stride[1],
                ],
            )


def patches(x: Array, kernel: Pair, stride: Pair, dilation: Pair) -> Array:
    """View of x (N, H, W, C) as windows (N, H_out, W_out, kH, kW, C); nothing is copied."""
    reach = tuple((k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True))
    windows = sliding_window_view(x, reach, axis=(1, 2))  # (N, H', W', C, reach, reach)
    strided = windows[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]]
    return strided.transpose(0, 1, 2, 4, 5, 3)
