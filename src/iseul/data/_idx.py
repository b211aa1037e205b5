# SPDX-License-Identifier: Apache-2.0
"""IDX files, the format of MNIST and its kin: a header of big-endian sizes, then raw bytes.

Layout: 0, 0, type (8 = uint8), number of axes, one uint32 per axis, then the values with the
last axis fastest. A `.gz` is read through gzip. The caller states the shape that must be
there, so no more than that is ever read, whatever the header claims.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np

from iseul.core.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    from iseul.numerics import Array

UINT8 = 8


def read_idx(path: Path, shape: tuple[int, ...], remedy: str = "") -> Array:
    """The uint8 array of that shape in a plain or gzipped IDX file.

    remedy: how to get a right file, for messages
    Raises DataError if the file is missing, truncated, too long, or of another shape.
    """
    try:
        with _open(path) as file:
            return _parse(file, path, shape, remedy)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: can not be read: {error}", remedy) from None


def _open(path: Path) -> BinaryIO:
    return cast("BinaryIO", gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _parse(file: BinaryIO, path: Path, shape: tuple[int, ...], remedy: str) -> Array:
    want = struct.pack(f">BBBB{len(shape)}I", 0, 0, UINT8, len(shape), *shape)
    head = file.read(len(want))
    if head[:4] != want[:4]:
        raise DataError(
            f"{path}: starts with bytes {head[:4].hex(' ') or '(none)'}; an IDX file of uint8 "
            f"with {len(shape)} axes must start with {want[:4].hex(' ')}",
            remedy,
        )
    if len(head) < len(want):
        raise DataError(
            f"{path}: ends after {len(head)} bytes; its header must have {len(want)}", remedy
        )
    found = struct.unpack(f">{len(shape)}I", head[4:])
    if found != shape:
        raise DataError(f"{path}: holds {_show(found)} values; must be {_show(shape)}", remedy)
    n_bytes = math.prod(shape)
    data = file.read(n_bytes + 1)  # one more, to see a file that goes on
    if len(data) != n_bytes:
        got = f"only {len(data):,}" if len(data) < n_bytes else f"more than {n_bytes:,}"
        raise DataError(f"{path}: has {got} bytes of values; must have {n_bytes:,}", remedy)
    return np.frombuffer(data, np.uint8).reshape(shape)


def _show(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{n:,}" for n in shape)
