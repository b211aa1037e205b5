# SPDX-License-Identifier: Apache-2.0
"""Condensed samples as pictures: one PNG sheet per class, each pixel enlarged to a square.

The PNG is written here (three chunks, zlib), so the same samples give the same bytes with any
version of any imaging library.
"""

from __future__ import annotations

import base64
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from iseul.numerics import Array

_CELL = 56  # a sample's longer side on the sheet, in pixels, at least where it is smaller
_GAP = 4
_MOST = 100  # samples of a class that are shown


def png_bytes(pixels: Array) -> bytes:
    """A PNG file. pixels: (H, W, 2) grey + alpha or (H, W, 4) RGBA, uint8."""
    height, width, channels = pixels.shape
    kind = {2: 4, 4: 6}[channels]  # PNG specification, table 11.1: colour types
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # filter byte 0 before each row
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def data_uri(pixels: Array) -> str:
    """A PNG as a data URI."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(pixels)).decode("ascii")


def stretched(x: Array) -> tuple[Array, int]:
    """Samples whose brightest value is white, and the raw value that is shown as white.

    Sensors with few levels (0-16 of the digits) would be all black; a set that uses at least
    half of a byte's range is shown as it is.
    """
    top = int(x.max(initial=0))
    if not 0 < top < 128:
        return x, 255
    return (x.astype(np.uint16) * 255 // top).astype(np.uint8), top


def sheet(x: Array) -> tuple[Array, int]:
    """Samples of one class as one picture, and how many of them it shows.

    x: (n, H, W, C) uint8. One channel is grey, three are red, green, blue; other counts are
       shown side by side in grey
    """
    shown = x[:_MOST]
    if shown.shape[3] not in (1, 3):
        shown = np.concatenate(np.split(shown, shown.shape[3], axis=3), axis=2)
    n, height, width, channels = shown.shape
    factor = max(1, _CELL // max(height, width))
    big = shown.repeat(factor, axis=1).repeat(factor, axis=2)
    n_columns = min(n, 5 if n <= 10 else 10)
    n_rows = -(-n // n_columns)
    step_y, step_x = big.shape[1] + _GAP, big.shape[2] + _GAP
    page = np.zeros((n_rows * step_y - _GAP, n_columns * step_x - _GAP, channels + 1), np.uint8)
    for i in range(n):
        top, left = i // n_columns * step_y, i % n_columns * step_x
        cell = page[top : top + big.shape[1], left : left + big.shape[2]]
        cell[..., :channels] = big[i]
        cell[..., channels] = 255  # opaque; the gaps stay clear, so they take the page's colour
    return page, n
