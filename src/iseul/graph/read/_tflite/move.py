# SPDX-License-Identifier: Apache-2.0
"""Ops that change where values stand; constant inputs become attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import FIXED_SHAPES, MAX_RANK

if TYPE_CHECKING:
    from iseul.graph.ir import Node, Shape
    from iseul.graph.read._tflite._operation import Operation


class StridedSliceOptions:
    UNION = 32
    BEGIN_MASK = 0
    END_MASK = 1
    ELLIPSIS_MASK = 2
    NEW_AXIS_MASK = 3
    SHRINK_AXIS_MASK = 4
    OFFSET = 5


class MirrorPadOptions:
    UNION = 77
    MODE = 0


def numbers(op: Operation, i: int, n: int | None = None) -> tuple[int, ...]:
    """The integers in a constant input; n: how many there must be."""
    table = op.constant(i)
    if table.dtype.kind not in "iu" or table.size > MAX_RANK or n not in (None, table.size):
        wanted = f"{n} integers" if n is not None else "integers, one per axis"
        raise DataError(
            f'{op.kind} "{op.name}": input {i} is {table.dtype}{list(table.shape)}, not {wanted}'
        )
    return tuple(int(number) for number in table.ravel())


def pairs(op: Operation, i: int, n: int) -> tuple[tuple[int, int], ...]:
    """The pairs in a constant input, which must be >= 0; n: how many there must be."""
    table = op.constant(i)
    if table.shape != (n, 2) or table.dtype.kind != "i" or int(table.min(initial=0)) < 0:
        raise DataError(
            f'{op.kind} "{op.name}": {table.dtype}{list(table.shape)} {table.ravel()[:9].tolist()} '
            f"are not {n} pairs of numbers >= 0"
        )
    return tuple((int(before), int(after)) for before, after in table)


def _pad(op: Operation) -> list[Node]:
    x = op.input(0)
    pads = pairs(op, 1, len(x.shape))
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


def _mirror_pad(op: Operation) -> list[Node]:
    x = op.input(0)
    mode = op.options.integer(MirrorPadOptions.MODE, "i1")
    if mode not in (0, 1):
        raise DataError(f'{op.kind} "{op.name}" has mode {mode}, must be 0 or 1')
    pads = pairs(op, 1, len(x.shape))
    return op.moved("mirror_pad", x, pads=pads, mode=("reflect", "symmetric")[mode])


def _reshape(op: Operation) -> list[Node]:
    x = op.input(0)
    if len(op.inputs) > 1 and op.input(1).is_constant:
        wanted = op.constant(1)
    elif len(op.inputs) == 1 and op.options.has(schema.ReshapeOptions.NEW_SHAPE):
        wanted = op.options.vector(schema.ReshapeOptions.NEW_SHAPE, "i4")
    else:  # as TFLite Micro, which looks at the output
        wanted = np.array(op.outputs[0].shape, np.int64)
    if wanted.dtype.kind != "i" or wanted.size > MAX_RANK:
        raise DataError(f'{op.kind} "{op.name}": {wanted.size} numbers are not a shape')
    shape = [int(size) for size in wanted.ravel()]
    if shape.count(-1) == 1:  # the size that the others leave over
        known = int(np.prod([size for size in shape if size != -1], dtype=np.int64))
        shape[shape.index(-1)] = x.n_elements // max(known, 1)
    if any(size < 1 for size in shape):
        raise DataError(f'{op.kind} "{op.name}": {wanted.tolist()} is not a shape')
    return op.moved("reshape", x, shape=tuple(shape))


def _to_stated_shape(op: Operation) -> list[Node]:
    """SQUEEZE, EXPAND_DIMS: the file states what is left, and elements stay in their order."""
    return op.moved("reshape", op.input(0), shape=op.outputs[0].shape)


def _transpose(op: Operation) -> list[Node]:
    x = op.input(0)
    perm = numbers(op, 1, len(x.shape))
    return op.moved("transpose", x, perm=tuple(axis % len(perm) for axis in perm))


def _slice(op: Operation) -> list[Node]:
    x = op.input(0)
    begin, size = (numbers(op, i, len(x.shape)) for i in (1, 2))
    rest = zip(x.shape, begin, size, strict=True)
    size = tuple(n - first if count == -1 else count for n, first, count in rest)
    return op.moved("slice", x, begin=begin, size=size)


def _strided_slice(op: Operation) -> list[Node]:
    """Begin, size and stride of each axis of x; the file's shape says which axes are left."""
    x = op.input(0)
    begin, end, stride = (list(numbers(op, i)) for i in (1, 2, 3))
    if not len(begin) == len(end) == len(stride):
        raise DataError(
            f'{op.kind} "{op.name}": {len(begin)} begins, {len(end)} ends, {len(stride)} strides'
        )
    if 0 in stride:
        raise DataError(f'{op.kind} "{op.name}": strides {stride}, must not be 0')
    first, size, step = [], [], []
    for n, entry in zip(x.shape, _per_axis(op, len(x.shape), len(begin)), strict=True):
        a, b, s = (0, n, 1) if entry is None else (begin[entry], end[entry], stride[entry])
        start, count = _range(op, n, a, b, s, entry)
        first.append(start)
        size.append(count)
        step.append(s)
    if any(count < 1 for count in size):
        raise UnsupportedError(f"gives sizes {size}, but all must be at least 1", FIXED_SHAPES)
    attrs: dict[str, Any] = {"begin": tuple(first), "size": tuple(size), "stride": tuple(step)}
    out = op.outputs[0].shape
    if out == tuple(size):
        return op.moved("slice", x, **attrs)
    if _left(op, tuple(size), len(begin)) != out:
        raise DataError(
            f'{op.kind} "{op.name}" gives {_left(op, tuple(size), len(begin))}, file has {out}'
        )
    node, cut = op.before("slice", x, tuple(size), **attrs)
    return [node, *op.moved("reshape", cut, shape=out)]


def _flag(op: Operation, field: int, entry: int) -> bool:
    return bool(op.options.integer(field, "i4") >> entry & 1)


def _per_axis(op: Operation, rank: int, n: int) -> list[int | None]:
    """For each axis of x the entry of begin, end and stride that cuts it; None: it stays."""
    fields = StridedSliceOptions
    new = [_flag(op, fields.NEW_AXIS_MASK, i) for i in range(n)]
    dots = [i for i in range(n) if _flag(op, fields.ELLIPSIS_MASK, i)][:1]
    found: list[int | None] = []
    for i in range(n):
        if i in dots:
            behind = sum(not is_new for is_new in new[i + 1 :])
            found += [None] * (rank - len(found) - behind)
        elif not new[i]:
            found.append(i)
    found += [None] * (rank - len(found))
    if len(found) != rank:
        raise DataError(f'{op.kind} "{op.name}": {n} entries do not fit {rank} axes')
    return found


def _range(op: Operation, n: int, a: int, b: int, s: int, entry: int | None) -> tuple[int, int]:
    """(first element, how many) of an axis of n elements, as StartForAxis and StopForAxis."""
    fields = StridedSliceOptions
    if entry is None:
        return 0, n
    low, high = (0, n) if s > 0 else (-1, n - 1)
    start = a + n if a < 0 else a
    start = min(max(start, low), high)
    if _flag(op, fields.BEGIN_MASK, entry):
        start = 0 if s > 0 else n - 1
    if _flag(op, fields.SHRINK_AXIS_MASK, entry):
        return start, 1
    if op.options.flag(fields.OFFSET):
        b += start
    stop = b + n if b < 0 else b
    stop = min(max(stop, low), high)
    if _flag(op, fields.END_MASK, entry):
        stop = n if s > 0 else -1
    return start, max(0, -((start - stop) // s))


def _left(op: Operation, size: Shape, n: int) -> Shape:
    """The sizes with axes that go, and with new ones."""
    fields = StridedSliceOptions
    entries = _per_axis(op, len(size), n)
    left = [
        count
        for count, entry in zip(size, entries, strict=True)
        if entry is None or not _flag(op, fields.SHRINK_AXIS_MASK, entry)
    ]
    place = 0
    dots = False
    for i in range(n):
        if _flag(op, fields.ELLIPSIS_MASK, i) and not dots:
            dots = True
            place += entries.count(None)
        elif _flag(op, fields.NEW_AXIS_MASK, i):
            left.insert(place, 1)
            place += 1
        elif not _flag(op, fields.SHRINK_AXIS_MASK, i):
            place += 1
    return tuple(left)


def _reverse(op: Operation) -> list[Node]:
    x = op.input(0)
    rank = len(x.shape)
    axes = numbers(op, 1)
    if any(not -rank <= axis < rank for axis in axes):
        raise DataError(f'{op.kind} "{op.name}": axes {axes} of {rank} axes')
    turned = {axis % rank for axis in axes}
    begin = tuple(n - 1 if axis in turned else 0 for axis, n in enumerate(x.shape))
    stride = tuple(-1 if axis in turned else 1 for axis in range(rank))
    return op.moved("slice", x, begin=begin, size=x.shape, stride=stride)


def _tile(op: Operation) -> list[Node]:
    x = op.input(0)
    return op.moved("tile", x, multiples=numbers(op, 1, len(x.shape)))


def _broadcast_to(op: Operation) -> list[Node]:
    """The shape is that of the output, which the file states."""
    return op.moved("broadcast_to", op.input(0), shape=op.outputs[0].shape)


CONVERTERS: dict[str, Entry] = {
    "BROADCAST_TO": Entry(_broadcast_to, 2),
    "EXPAND_DIMS": Entry(_to_stated_shape, 2),
    "MIRROR_PAD": Entry(_mirror_pad, 2, MirrorPadOptions.UNION),
    "PAD": Entry(_pad, 2),
    "PADV2": Entry(_pad, 3),
    "RESHAPE": Entry(_reshape, 2, schema.ReshapeOptions.UNION),
    "REVERSE_V2": Entry(_reverse, 2),
    "SLICE": Entry(_slice, 3),
    "SQUEEZE": Entry(_to_stated_shape, 1),
    "STRIDED_SLICE": Entry(_strided_slice, 4, StridedSliceOptions.UNION),
    "TILE": Entry(_tile, 2),
    "TRANSPOSE": Entry(_transpose, 2),
}
