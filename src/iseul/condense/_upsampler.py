# SPDX-License-Identifier: Apache-2.0
"""Learned upsampling: what a small network adds to the bilinear enlargement of a part.

With multi-formation a sample is kept at a part of its resolution and enlarged when it is used.
Bilinear enlargement gives blurred samples, and networks that learn from those see sharp ones on
the device. What is missing can be guessed in part from what is there, alike for all samples of a
data set, so a network of some hundred bytes is trained for it and stored with the set:

    hidden = rectified 3 x 3 convolution of the part, (channels, h, w)
    detail = 3 x 3 convolution of hidden, factor values along each cut axis (sub-pixel)
    sample = bilinear(part) + detail

All in integers, so that numpy here and the C of an exported set give the same bytes: weights are
1/64, hidden values 1/4 of a raw value, sums 1/256 of one; rounding is to nearest, halves upwards.
Sub-pixel convolution: Shi et al., CVPR 2016. Networks that decode condensed sets: Liu et al.:
Dataset Distillation via Factorization (HaBa), NeurIPS 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

TAPS = 9
WEIGHT, HIDDEN, SUM = 64, 4, 256  # steps of a weight, a hidden value, a sum per unit
MOST_WEIGHT = 127  # steps
MOST_BIAS = (1 << 15) - 1  # steps of a sum before it is rounded
MOST_HIDDEN = (1 << 12) - 1  # steps: beyond the raw range fourfold
# sums stay below 2^31: MOST_HIDDEN * MOST_WEIGHT * TAPS * MOST_CHANNELS < 2^29
MOST_CHANNELS, MOST_VALUES, MOST_FACTOR = 64, 4, 16


@dataclass(frozen=True)
class Upsampler:
    """Weights in steps of 1 / WEIGHT.

    first:       (channels, C, 3, 3) int8
    first_bias:  (channels,) int16, in steps of 1 / WEIGHT raw values
    second:      (C * parts, channels, 3, 3) int8; of a value's parts those along W come together
    second_bias: (C * parts,) int16, in steps of 1 / SUM raw values
    raw_max:     the largest raw value of a sample
    """

    first: NDArray[np.int8]
    first_bias: NDArray[np.int16]
    second: NDArray[np.int8]
    second_bias: NDArray[np.int16]
    raw_max: int

    @property
    def channels(self) -> int:
        """Hidden channels."""
        return len(self.first)

    @property
    def n_bytes(self) -> int:
        """Of what a set stores of it."""
        return n_bytes(self.channels, self.first.shape[1], len(self.second))

    def to_bytes(self) -> bytes:
        """The number of channels, then all arrays one after the other, little endian."""
        weights = (self.first, self.first_bias, self.second, self.second_bias)
        little = (array.astype(array.dtype.newbyteorder("<")).tobytes() for array in weights)
        return bytes([self.channels]) + b"".join(little)


def n_bytes(channels: int, n_values: int, n_out: int) -> int:
    """Bytes of an upsampler: C values of a pixel in, n_out of its parts out."""
    return 1 + channels * (n_values * TAPS + 2) + n_out * (channels * TAPS + 2)


def from_bytes(data: bytes, n_values: int, n_out: int, raw_max: int) -> Upsampler:
    """What `to_bytes` wrote, exactly `n_bytes` of it, for C = n_values."""
    channels = data[0]
    kinds = [
        ((channels, n_values, 3, 3), "<i1"),
        ((channels,), "<i2"),
        ((n_out, channels, 3, 3), "<i1"),
        ((n_out,), "<i2"),
    ]
    arrays, at = [], 1
    for shape, kind in kinds:
        n = int(np.prod(shape))
        arrays.append(np.frombuffer(data, kind, n, at).reshape(shape))
        at += n * np.dtype(kind).itemsize
    first, first_bias, second, second_bias = arrays
    return Upsampler(
        first.astype(np.int8),
        first_bias.astype(np.int16),
        second.astype(np.int8),
        second_bias.astype(np.int16),
        raw_max,
    )


def factors(factor: int, axes: str) -> tuple[int, int]:
    """How often a part is enlarged along H and along W."""
    return (factor if "h" in axes else 1, factor if "w" in axes else 1)


def check_fit(shape: tuple[int, int, int], factor: int, axes: str) -> None:
    """Raise ShapeError if samples (H, W, C) can not be cut for learned upsampling."""
    height, width, n_values = shape
    for side, n in zip((height, width), factors(factor, axes), strict=True):
        if side % n:
            raise ShapeError(
                f"learned upsampling: a side of {side} is not a multiple of {n}",
                'kind = "bilinear", or another factor',
            )
    if not 2 <= factor <= MOST_FACTOR or n_values > MOST_VALUES:
        raise ShapeError(
            f"learned upsampling: factor {factor}, {n_values} values of a pixel; must be 2 to "
            f"{MOST_FACTOR}, at most {MOST_VALUES}",
            'kind = "bilinear"',
        )


def detail_raw(
    x: NDArray[np.uint8], upsampler: Upsampler, factor: int, axes: str
) -> NDArray[np.int64]:
    """What (n, h, w, C) parts lack, (n, H, W, C) in steps of 1 / SUM."""
    n, height, width, n_values = x.shape
    down, across = factors(factor, axes)
    hidden = _convolved(x, upsampler.first) + upsampler.first_bias
    hidden = np.clip((hidden + WEIGHT // HIDDEN // 2) // (WEIGHT // HIDDEN), 0, MOST_HIDDEN)
    made = _convolved(hidden, upsampler.second) + upsampler.second_bias
    made = made.reshape(n, height, width, n_values, down, across).transpose(0, 1, 4, 2, 5, 3)
    return made.reshape(n, height * down, width * across, n_values)


def _convolved(x: NDArray[np.integer], weights: NDArray[np.int8]) -> NDArray[np.int64]:
    """(n, h, w, C) by (D, C, 3, 3), zeros around, to (n, h, w, D): exact, sums are below 2^53."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(1, 2))
    rows = windows.reshape(*x.shape[:3], -1).astype(np.float64)
    made: NDArray[np.int64] = (rows @ weights.reshape(len(weights), -1).T).astype(np.int64)
    return made
