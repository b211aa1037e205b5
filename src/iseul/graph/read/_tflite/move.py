# SPDX-License-Identifier: Apache-2.0
"""Ops that change where values stand; constant inputs become attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import MAX_RANK

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _pad(op: Operation) -> list[Node]:
    x, table = op.input(0), op.constant(1)
    if table.shape != (len(x.shape), 2) or table.dtype.kind != "i" or int(table.min()) < 0:
        raise DataError(f'{op.kind} "{op.name}": paddings {table.tolist()} do not fit {x.shape}')
    pads = tuple((int(before), int(after)) for before, after in table)
    return [op.node("pad", [x], pads=pads, value=_pad_value(op))]


def _pad_value(op: Operation) -> float:
    """The real number that PADV2's third input stands for; PAD has none and pads real 0."""
    if len(op.inputs) < 3:
        return 0.0
    value, x = op.input(2), op.input(0)
    data = op.constant(2)
    if data.size != 1 or value.dtype != x.dtype:
        raise DataError(f'{op.kind} "{op.name}": pad value is {value.dtype}{list(value.shape)}')
    if x.quant is None:
        return float(data.item())
    # the integer is used as it is: in the input's own quantization
    return x.quant.scale[0] * (int(data.item()) - x.quant.zero_point[0])


def _reshape(op: Operation) -> list[Node]:
    x = op.input(0)
    if len(op.inputs) > 1:
        wanted = op.constant(1)
    elif op.options.has(schema.ReshapeOptions.NEW_SHAPE):
        wanted = op.options.vector(schema.ReshapeOptions.NEW_SHAPE, "i4")
    else:
        wanted = np.array(op.outputs[0].shape, np.int64)
    if wanted.dtype.kind != "i" or wanted.size > MAX_RANK:
        raise DataError(f'{op.kind} "{op.name}": {wanted.size} numbers are not a shape')
    shape = [int(size) for size in wanted.ravel()]
    if shape.count(-1) == 1:  # the size that the others leave over
        known = int(np.prod([size for size in shape if size != -1], dtype=np.int64))
        shape[shape.index(-1)] = x.n_elements // max(known, 1)
    if any(size < 1 for size in shape):
        raise DataError(f'{op.kind} "{op.name}": {wanted.tolist()} is not a shape')
    return [op.node("reshape", [x], shape=tuple(shape))]


CONVERTERS: dict[str, Entry] = {
    "PAD": Entry(_pad, 2),
    "PADV2": Entry(_pad, 3),
    "RESHAPE": Entry(_reshape, 2, schema.ReshapeOptions.UNION),
}
