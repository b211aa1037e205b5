# SPDX-License-Identifier: Apache-2.0
"""Ops that join values, cut them, or take parts of them by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from iseul.graph.ir import Node, Value
    from iseul.graph.read._tflite._operation import Operation

_MOST = 1 << 12  # inputs of an op; a file with more is hostile, not a model


class ConcatenationOptions:
    UNION = 10
    AXIS = 0
    ACTIVATION = 1


class PackOptions:
    UNION = 59
    AXIS = 1


class UnpackOptions:
    UNION = 64
    AXIS = 1


class OneHotOptions:
    UNION = 61
    AXIS = 0


class GatherOptions:
    UNION = 23
    AXIS = 0
    BATCH_DIMS = 1


def _concatenation(op: Operation) -> list[Node]:
    activation = op.activation(ConcatenationOptions.ACTIVATION)
    if activation != "none":
        raise UnsupportedError(
            f"fused activation is {activation}, but must be none",
            "make the activation an op of its own",
        )
    axis = op.options.integer(ConcatenationOptions.AXIS, "i4")
    # TFLite rescales unsigned bytes and refuses signed ones of unequal scales; TFLite Micro copies
    # what is wider
    return op.joined("concatenation", rescale=op.outputs[0].dtype in ("int8", "uint8"), axis=axis)


def _pack(op: Operation) -> list[Node]:
    return op.joined("pack", rescale=False, axis=op.options.integer(PackOptions.AXIS, "i4"))


def _axis(op: Operation, i: int, x: Value) -> int:
    """The axis of x in a constant input."""
    table, rank = op.constant(i), len(x.shape)
    axis = int(table.ravel()[0]) if table.size == 1 and table.dtype.kind == "i" else rank
    if not -rank <= axis < rank:
        raise DataError(f'{op.kind} "{op.name}": axis {table.ravel()[:9].tolist()} of {rank} axes')
    return axis % rank


def _split(op: Operation) -> list[Node]:
    """Into equal parts: the axis comes first."""
    x = op.input(1)
    axis, n = _axis(op, 0, x), len(op.outputs)
    if x.shape[axis] % n:
        raise DataError(f'{op.kind} "{op.name}": {x.shape[axis]} can not be cut into {n} parts')
    return op.moved("split", x, axis=axis, sizes=(x.shape[axis] // n,) * n)


def _split_v(op: Operation) -> list[Node]:
    """Into parts of stated sizes, of which one may be -1: what is left."""
    x, table = op.input(0), op.constant(1)
    axis = _axis(op, 2, x)
    if table.dtype.kind != "i" or table.size != len(op.outputs):
        raise DataError(f'{op.kind} "{op.name}": {table.size} sizes for {len(op.outputs)} outputs')
    sizes = [int(size) for size in table.ravel()]
    if sizes.count(-1) == 1:
        sizes[sizes.index(-1)] = x.shape[axis] - sum(sizes) - 1
    return op.moved("split", x, axis=axis, sizes=tuple(sizes))


def _unpack(op: Operation) -> list[Node]:
    return op.moved("unpack", op.input(0), axis=op.options.integer(UnpackOptions.AXIS, "i4"))


def _gather(op: Operation) -> list[Node]:
    x, indices = op.input(0), op.input(1)
    axis = op.options.integer(GatherOptions.AXIS, "i4")
    batch_dims = op.options.integer(GatherOptions.BATCH_DIMS, "i4")
    if batch_dims < 0:
        batch_dims += len(indices.shape)
    _known_indices(op, indices)
    return op.moved("gather", x, [indices], axis=axis, batch_dims=batch_dims)


def _gather_nd(op: Operation) -> list[Node]:
    _known_indices(op, op.input(1))
    return op.moved("gather_nd", op.input(0), [op.input(1)])


def _embedding_lookup(op: Operation) -> list[Node]:
    """Rows of a table by index: the indices come first."""
    _known_indices(op, op.input(0))
    return op.moved("gather", op.input(1), [op.input(0)], axis=0)


def _dynamic_update_slice(op: Operation) -> list[Node]:
    x, update, first = (op.input(i) for i in range(3))
    return op.moved("dynamic_update_slice", x, [update, first])


def _one_hot(op: Operation) -> list[Node]:
    depth, on, off = (op.constant(i) for i in (1, 2, 3))
    out = op.outputs[0]
    if not depth.size == on.size == off.size == 1 or depth.dtype.kind != "i":
        raise DataError(f'{op.kind} "{op.name}": depth, on and off must be numbers')
    if any(op.input(i).dtype != out.dtype for i in (2, 3)):
        raise DataError(f'{op.kind} "{op.name}": on and off must be {out.dtype} as the output')
    numbers = [float(x.item()) for x in (on, off)]
    if out.quant is not None:
        quant = out.quant
        numbers = [quant.scale[0] * (x - quant.zero_point[0]) for x in numbers]
    axis = op.options.integer(OneHotOptions.AXIS, "i4")
    on_off: dict[str, Any] = {"on": numbers[0], "off": numbers[1]}
    return [op.node("one_hot", [op.input(0)], (), depth=int(depth.item()), axis=axis, **on_off)]


def _known_indices(op: Operation, indices: Value) -> None:
    """Constant indices are checked once; TFLite refuses those below 0."""
    if indices.data is not None and indices.data.dtype.kind == "i" and indices.data.size:
        least = int(indices.data.min())
        if least < 0:
            raise DataError(f'{op.kind} "{op.name}": index {least}, must be >= 0')


CONVERTERS: dict[str, Entry] = {
    "CONCATENATION": Entry(_concatenation, _MOST, ConcatenationOptions.UNION),
    "DYNAMIC_UPDATE_SLICE": Entry(_dynamic_update_slice, 3),
    "EMBEDDING_LOOKUP": Entry(_embedding_lookup, 2),
    "GATHER": Entry(_gather, 2, GatherOptions.UNION),
    "GATHER_ND": Entry(_gather_nd, 2),
    "ONE_HOT": Entry(_one_hot, 4, OneHotOptions.UNION),
    "PACK": Entry(_pack, _MOST, PackOptions.UNION),
    "SPLIT": Entry(_split, 2, outputs=None),
    "SPLIT_V": Entry(_split_v, 3, outputs=None),
    "UNPACK": Entry(_unpack, 1, UnpackOptions.UNION, outputs=None),
}
