# SPDX-License-Identifier: Apache-2.0
"""How far below an input an output may begin, by the order in which kernels read and write.

A kernel that never reads again what lies before some point may have its output's end anywhere
up to that point. Each function here states the order that it stands for; a card names the one
that its kernel keeps to. All give {position of an input: distance in bytes}.

Only values of one dtype, or with a side of single bytes, may share memory: C allows a compiler
to take pointers of other types for different memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.plan import IN_PLACE
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from iseul.graph.ir import Io, Value


_MOST_PLACES = 1 << 22  # more are no model's; the distance would take gigabytes to find


def value_by_value(attrs: Any, io: Io) -> Mapping[int, int]:
    """Reads value i of an input of the output's size, then writes value i; i rises by one.

    Inputs that are broadcast are not among those that may share memory.
    """
    out = io.outputs[0]
    found = {}
    for i, value in enumerate(io.inputs):
        if value.n_elements == out.n_elements and may_share(value, out):
            growth = max(0, _size(out) - _size(value))
            found[i] = growth * max(0, out.n_elements - 1)
    return found


def in_place(attrs: Any, io: Io) -> Mapping[int, int]:
    """Some channels of all positions of a sample are read, then the same ones are written: the
    output may take the input's place if both are of one size, and no other one over it.
    """
    x, out = io.inputs[0], io.outputs[0]
    return {0: IN_PLACE} if x.dtype == out.dtype and x.shape == out.shape else {}


def columns_in_place(attrs: Any, io: Io) -> Mapping[int, int]:
    """Some channels of all positions of a sample are read, then the same ones are written: the
    output, of as many channels and no more positions, may begin where the input does.
    """
    x, out = io.inputs[0], io.outputs[0]
    fits = x.dtype == out.dtype and x.shape[-1] == out.shape[-1]
    return {0: IN_PLACE} if fits and out.n_elements <= x.n_elements else {}


def row_by_row(attrs: Any, io: Io) -> Mapping[int, int]:
    """Reads row r of the input as often as it likes, then writes row r of the output; r rises.

    A row is the last axis, and both have as many.
    """
    x, out = io.inputs[0], io.outputs[0]
    if not may_share(x, out) or not x.shape or not out.shape:
        return {}
    rows = _n_places(x)
    if rows != _n_places(out) or rows > _MOST_PLACES:
        return {}
    start = np.arange(rows, dtype=np.int64) * x.shape[-1]
    return {0: _distance(start, x, out, out.shape[-1])}


def by_position(attrs: Any, io: Io) -> Mapping[int, int]:
    """Windows over (N, H, W, C): all channels of a position are made before the next position;
    positions in raster order. A position reads no input row or column before its window.

    attrs: with stride and pads of the window
    """
    x, out = io.inputs[0], io.outputs[0]
    if not may_share(x, out) or len(x.shape) != 4 or _n_places(out) > _MOST_PLACES:
        return {}
    return {0: _distance(_starts(attrs, x, out), x, out, out.shape[3])}


def by_rows(attrs: Any, io: Io, n_rows: int) -> Mapping[int, int]:
    """Windows over (N, H, W, C): n_rows output rows of a sample, and up to one position behind
    them, are made before the next ones, and read no input row before their first window.

    attrs: with stride and pads of the window
    """
    x, out = io.inputs[0], io.outputs[0]
    if not may_share(x, out) or len(x.shape) != 4:
        return {}
    n, h, w, c = x.shape
    _, rows, columns, channels = out.shape
    first = np.arange(0, rows, n_rows, dtype=np.int64)
    row = np.clip(first * attrs.stride[0] - attrs.pads[0], 0, h)
    sample = np.arange(n, dtype=np.int64)[:, None]
    start = ((sample * h + row) * w * c).ravel()
    done = (sample * rows + np.minimum(first + n_rows, rows)).ravel()
    ahead = np.minimum.accumulate(start[::-1])[::-1]
    return {0: max(0, int(((done * columns + 1) * channels - ahead).max()))}


def _starts(attrs: Any, x: Value, out: Value) -> NDArray[np.int64]:
    """The first element that each position's window may read."""
    n, h, w, c = x.shape
    _, rows, columns, _ = out.shape
    row = np.clip(np.arange(rows, dtype=np.int64) * attrs.stride[0] - attrs.pads[0], 0, h)
    column = np.clip(np.arange(columns, dtype=np.int64) * attrs.stride[1] - attrs.pads[2], 0, w)
    sample = np.arange(n, dtype=np.int64) * h * w
    start = (sample[:, None, None] + row[:, None] * w + column) * c
    return start.ravel()


def by_positions(attrs: Any, io: Io, n: int) -> Mapping[int, int]:
    """Windows over (N, H, W, C), n positions in raster order at a time: their windows are read
    whole, then all their channels are written. The first row or column read rises as in
    `by_position`.

    attrs: with stride and pads of the window
    """
    x, out = io.inputs[0], io.outputs[0]
    if not may_share(x, out) or len(x.shape) != 4 or _n_places(out) > _MOST_PLACES:
        return {}
    start = _starts(attrs, x, out)
    # what a block overwrites must not be read by the blocks behind it
    first = np.minimum.accumulate(start[::-1])[::-1][n::n]
    written = np.arange(1, len(first) + 1, dtype=np.int64) * n * out.shape[3]
    return {0: max(0, int((written - first).max(initial=0)))}


def point_by_point(io: Io, n: int) -> Mapping[int, int]:
    """As many places in as out, n of them at a time, which read their own values until all
    their outputs are written, and none before them. A place is the last axis, or the output
    is made of rows that fill the input.
    """
    x, out = io.inputs[0], io.outputs[0]
    places = _n_places(out)
    if not may_share(x, out) or places > _MOST_PLACES or x.n_elements % max(1, places):
        return {}
    first = np.arange(0, places, n, dtype=np.int64)
    start = first * (x.n_elements // max(1, places))
    written = np.minimum(first + n, places) * out.shape[-1]
    return {0: max(0, int((written - start).max(initial=0)))}


def _distance(start: NDArray[np.int64], x: Value, out: Value, n_written: int) -> int:
    """Bytes between the starts so that no write reaches what is still to be read.

    start:     for each place in order, the first element of x that it reads
    n_written: elements that each place writes
    """
    if not len(start):
        return out.n_bytes
    # the earliest element that this place or a later one reads
    ahead = np.minimum.accumulate(start[::-1])[::-1]
    written = np.arange(1, len(start) + 1, dtype=np.int64) * n_written
    return max(0, int((written * _size(out) - ahead * _size(x)).max()))


def _n_places(value: Value) -> int:
    """Positions or rows: all axes but the last."""
    return value.n_elements // max(1, value.shape[-1])


def _size(value: Value) -> int:
    return storage(value.dtype).itemsize


def may_share(x: Value, out: Value) -> bool:
    """Whether an output may share memory with an input, by their dtypes."""
    return "int4" not in (x.dtype, out.dtype) and (
        x.dtype == out.dtype or 1 in (_size(x), _size(out))
    )
