# SPDX-License-Identifier: Apache-2.0
"""Ops whose results are known while reading, as all shapes are: they become constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import FIXED_SHAPES
from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from iseul.graph.ir import Node, Value
    from iseul.graph.read._tflite._operation import Operation

_MOST_BYTES = 1 << 24  # of a constant that a file does not hold but asks for


def _shape(op: Operation) -> list[Node]:
    return op.settle(np.array(op.input(0).shape, np.int64))


def _rank(op: Operation) -> list[Node]:
    return op.settle(np.array(len(op.input(0).shape), np.int64))


def _bounded(out: Value) -> Value:
    if out.n_bytes > _MOST_BYTES:
        raise UnsupportedError(
            f"fills {out.n_bytes:,} bytes, but constants that are not in the file must have at "
            f"most {_MOST_BYTES:,}",
            FIXED_SHAPES,
        )
    return out


def _fill(op: Operation) -> list[Node]:
    """The shape is that of the output, which the file states."""
    out, value = _bounded(op.outputs[0]), op.constant(1)
    if value.size != 1 or op.input(1).dtype != out.dtype:
        raise DataError(f'{op.kind} "{op.name}": {value.dtype}{list(value.shape)} is no number')
    return op.settle(np.full(out.shape, value.item(), storage(out.dtype)))


def _zeros_like(op: Operation) -> list[Node]:
    """Integers 0, whatever they stand for."""
    out = _bounded(op.outputs[0])
    return op.settle(np.zeros(out.shape, storage(out.dtype)))


def _range(op: Operation) -> list[Node]:
    start, limit, delta = (op.constant(i) for i in range(3))
    if not start.size == limit.size == delta.size == 1 or not np.isfinite(delta) or not delta:
        raise DataError(
            f'{op.kind} "{op.name}": start, limit and delta must be numbers, delta not 0'
        )
    out = _bounded(op.outputs[0])
    n = out.n_elements
    want = np.ceil((float(limit) - float(start)) / float(delta))
    if want != n:
        raise DataError(f'{op.kind} "{op.name}" gives {want:g} numbers, file has {n}')
    steps = np.arange(n).astype(storage(out.dtype))
    with np.errstate(all="ignore"):  # as on a device
        return op.settle(start.reshape(-1)[0] + steps * delta.reshape(-1)[0])


CONVERTERS: dict[str, Entry] = {
    "FILL": Entry(_fill, 2),
    "RANGE": Entry(_range, 3),
    "RANK": Entry(_rank, 1),
    "SHAPE": Entry(_shape, 1),
    "ZEROS_LIKE": Entry(_zeros_like, 1),
}
