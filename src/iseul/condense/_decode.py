# SPDX-License-Identifier: Apache-2.0
"""Multi-formation in integers: what `_formation.decode` means for stored raw values.

Bilinear weights of a resize are ratios of integers, so the raw value nearest to the real result
is computed exactly, halves upwards, with 32-bit unsigned numbers: numpy here and the C of an
exported set give the same bytes. `_formation.decode` followed by rounding gives them too, but
for floating-point error at halves.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from iseul.condense._upsampler import SUM, detail_raw
from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.condense._upsampler import Upsampler

LARGEST = 1 << 22  # H * W: 255 * (2 H) * (2 W) must stay below 2^32


def edges(side: int, n: int) -> list[int]:
    """Where the n parts of a side begin, and its end; parts differ by at most one."""
    return [round(i * side / n) for i in range(n + 1)]


def cells(shape: tuple[int, int], factor: int, axes: str) -> list[tuple[int, int, int, int]]:
    """(top, bottom, left, right) of each part, row by row.

    Raises ShapeError if a side has fewer values than factor, or a sample has too many.
    """
    height, width = shape
    if height * width >= LARGEST:
        raise ShapeError(f"samples of {height} x {width} are too large to hold several")
    found = []
    for side, axis in ((height, "h"), (width, "w")):
        n = factor if axis in axes else 1
        if n > side:
            raise ShapeError(
                f"multi-formation: a side of {side} can not be cut into {n} parts",
                "a smaller factor",
            )
        found.append(list(itertools.pairwise(edges(side, n))))
    return [(*rows, *columns) for rows in found[0] for columns in found[1]]


def decode_raw(
    x: NDArray[np.uint8], factor: int, axes: str, upsampler: Upsampler | None = None
) -> NDArray[np.uint8]:
    """(n, H, W, C) stored to (n * parts, H, W, C): all of sample 0, then of sample 1, ..."""
    if factor == 1:
        return x
    _, height, width, channels = x.shape
    each = []
    for top, bottom, left, right in cells((height, width), factor, axes):
        part = x[:, top:bottom, left:right]
        sums = _along(_along(part.astype(np.uint32), height, 1), width, 2)
        half = np.uint32(2 * height * width)  # half of the product of both denominators
        if upsampler is None:
            made = (sums + half) // (2 * half)
        else:
            base = (sums.astype(np.int64) * SUM + half) // (2 * half)
            detail = detail_raw(part, upsampler, factor, axes)
            made = np.clip((base + detail + SUM // 2) // SUM, 0, upsampler.raw_max)
        each.append(made.astype(np.uint8))
    return np.stack(each, 1).reshape(-1, height, width, channels)


def _along(x: NDArray[np.uint32], size: int, axis: int) -> NDArray[np.uint32]:
    """2 * size times the bilinear resize of one axis; pixel centres, ends held."""
    have = x.shape[axis]
    place = np.maximum((2 * np.arange(size) + 1) * have - size, 0)  # in 1 / (2 size)
    low = np.minimum(place // (2 * size), have - 1)
    share = (place - low * 2 * size).astype(np.uint32)
    high = np.minimum(low + 1, have - 1)
    spread = [1] * x.ndim
    spread[axis] = size
    share = share.reshape(spread)
    return x.take(low, axis) * (np.uint32(2 * size) - share) + x.take(high, axis) * share
