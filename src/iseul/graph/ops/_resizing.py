# SPDX-License-Identifier: Apache-2.0
"""Where the pixels of a resized image come from.

asymmetric:    pixel y of the output stands at y s of the input, s = input size / output size
half_pixel:    at (y + 1/2) s - 1/2
align_corners: at y (input size - 1) / (output size - 1)
Positions are float32, operation by operation as TensorFlow Lite Micro computes them
(reference/resize_bilinear.h, resize_nearest_neighbor.h); its integer bilinear kernel has them in
1/1024 of a pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops._shape import Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Shape, Value

Coordinates = Literal["asymmetric", "half_pixel", "align_corners"]

ONE = 1 << 10  # one pixel of the integer kernel


class Attrs(Config):
    """Attributes of every resize."""

    size: tuple[Size, Size] = Field(default=(1, 1), description="rows, columns; >= 1")
    coordinates: Coordinates = Field(
        default="asymmetric", description="where output pixels stand in the input"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """(N, *size, C). Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    if len(x) != 4 or min(x) < 1:
        raise ShapeError(f"{x} must be (N, H, W, C) with sizes >= 1")
    return ((x[0], *attrs.size, x[3]),)


def step(n_in: int, n_out: int, coordinates: Coordinates) -> np.float32:
    """Input pixels from one output pixel to the next, in float32."""
    if coordinates == "align_corners" and n_out > 1:
        return np.float32(n_in - 1) / np.float32(n_out - 1)
    return np.float32(n_in) / np.float32(n_out)


class Taps(NamedTuple):
    """Two input pixels for each output pixel along an axis, and the share of the second.

    lower, upper: int64 (n_out)
    share:        float32, or integers in 1/1024
    """

    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    share: NDArray[np.float32] | NDArray[np.int64]


def real_taps(n_in: int, n_out: int, coordinates: Coordinates) -> Taps:
    """Taps of the float kernel."""
    scale, place = step(n_in, n_out, coordinates), np.arange(n_out).astype(np.float32)
    half = np.float32(0.5)
    at = (place + half) * scale - half if coordinates == "half_pixel" else place * scale
    lower = np.floor(at).astype(np.int64).clip(0, n_in - 1)
    upper = np.ceil(at).astype(np.int64).clip(0, n_in - 1)
    return Taps(lower, upper, at - lower.astype(np.float32))


def integer_step(n_in: int, n_out: int, coordinates: Coordinates) -> tuple[int, int]:
    """(from one output pixel to the next, place of the first) in 1/1024 of an input pixel."""
    scale = (ONE * n_in + n_out // 2) // n_out
    if coordinates == "align_corners" and n_out > 1:
        scale = (ONE * (n_in - 1) + (n_out - 1) // 2) // (n_out - 1)
    return scale, scale // 2 - ONE // 2 if coordinates == "half_pixel" else 0


def integer_taps(n_in: int, n_out: int, coordinates: Coordinates) -> Taps:
    """Taps of the integer kernel. Its divisions truncate towards zero.

    A lower tap beyond the input (rounded steps of a large enlargement) is the last pixel; the
    reference reads what lies behind it.
    """
    scale, start = integer_step(n_in, n_out, coordinates)
    at = np.arange(n_out, dtype=np.int64) * scale + start
    lower = (np.abs(at) // ONE * np.sign(at)).clip(0, n_in - 1)
    upper = ((at + ONE - 1) // ONE).clip(0, n_in - 1)  # at >= -512: nothing negative is divided
    # of one pixel twice it is all the same; so shares are 0 .. 1023
    return Taps(lower, upper, np.where(lower == upper, 0, at - ONE * lower))
