# SPDX-License-Identifier: Apache-2.0
"""Nodes of the file whose inputs are all known while reading: shape arithmetic, masks, tables.

`FOLDS` has numpy meanings of the ops that occur there. Sizes are checked before anything is
computed. An op that is not here becomes a node of the graph even if its inputs are constants,
and a pass folds it.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx._file import DTYPES, dtype_of
from iseul.graph.read._onnx._layout import Const

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.read._onnx._translate import Call, Translator
    from iseul.numerics import Array

    Fold = Callable[["Translator", "Call", Sequence[Array]], "Array | Sequence[Array]"]

_FLOATS = ("float16", "float64", "bfloat16")


def fold(t: Translator, c: Call) -> list[Const] | None:
    """The results of a node with constant inputs, or None if `FOLDS` does not have its op."""
    entry = FOLDS.get(c.node.op) if not c.node.domain else None
    if entry is None:
        return None
    inputs = [x for x in c.inputs if isinstance(x, Const)]
    if len(inputs) < len(c.inputs) and c.node.op not in _OPTIONAL:
        return None
    arrays = [x.data for x in inputs]
    with np.errstate(all="ignore"):
        made = entry(t, c, arrays)
    results = list(made) if isinstance(made, list | tuple) else [made]
    return [_const(t, c, i, np.asarray(array)) for i, array in enumerate(results)]


def _const(t: Translator, c: Call, i: int, array: Array) -> Const:
    if array.dtype in (np.float64, np.float16):
        array = array.astype(np.float32)
    t.spend(array.nbytes)
    name = c.node.outputs[i] if i < len(c.node.outputs) else c.name
    first = c.inputs[0] if c.inputs else None
    dtype = array.dtype.name
    # moved 4-bit numbers stay such; they stand in 8 bits
    if isinstance(first, Const) and first.dtype in ("int4", "uint4") and dtype in ("int8", "uint8"):
        dtype = first.dtype
    return Const(name, array, dtype)


def _broadcast(t: Translator, arrays: Sequence[Array]) -> None:
    """Raise DataError before a result would be too large."""
    shape = np.broadcast_shapes(*(a.shape for a in arrays))
    _room(t, shape, max(a.itemsize for a in arrays))


def _room(t: Translator, shape: Sequence[int], itemsize: int) -> None:
    if any(size < 0 for size in shape):
        raise DataError(f"corrupt: a constant has the shape {list(shape)[:9]}")
    n_bytes = prod(int(size) for size in shape) * itemsize
    t.spend(n_bytes)
    t.made_bytes -= n_bytes  # counted again when it is made


def _elementwise(function: Callable[..., Array]) -> Fold:
    def entry(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
        _broadcast(t, arrays)
        return _like(function(*arrays), arrays[0])

    return entry


def _like(result: Array, source: Array) -> Array:
    """numpy widens; ONNX keeps the dtype of the operands."""
    return result if result.dtype == bool else result.astype(source.dtype)


def _compare(function: Callable[..., Array]) -> Fold:
    def entry(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
        _broadcast(t, arrays)
        return function(*arrays)

    return entry


def _variadic(function: Callable[..., Array]) -> Fold:
    def entry(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
        _broadcast(t, arrays)
        total = arrays[0]
        for array in arrays[1:]:
            total = function(total, array)
        return _like(total, arrays[0])

    return entry


def _divide(a: Array, b: Array) -> Array:
    """C's division for integers: towards zero."""
    if a.dtype.kind == "f":
        return a / b
    if not np.all(b):
        raise DataError("corrupt: a constant is divided by 0")
    quotient = np.abs(a) // np.abs(b)
    return np.where((a < 0) != (b < 0), -quotient, quotient)


def _power(a: Array, b: Array) -> Array:
    if a.dtype.kind == "f" or b.dtype.kind == "f" or np.any(b < 0):
        return np.power(a.astype(np.float64), b.astype(np.float64))
    return np.power(a, b)


def _modulo(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    _broadcast(t, arrays)
    a, b = arrays
    if a.dtype.kind != "f" and not np.all(b):
        raise DataError("corrupt: a constant is divided by 0")
    return np.fmod(a, b) if c.attributes.integer("fmod", 0) else np.mod(a, b)


def _where(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    _broadcast(t, arrays)
    return np.where(arrays[0], arrays[1], arrays[2])


def _clip(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    low, high = c.attributes.real("min", -np.inf), c.attributes.real("max", np.inf)
    if len(c.inputs) > 1:
        low, high = c.number(1, "the lowest value", -np.inf), c.number(2, "the highest", np.inf)
    return _like(np.clip(arrays[0], low, high), arrays[0])


def _cast(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    name = dtype_of(c.attributes.integer("to", 0))
    if name in ("int4", "uint4"):
        raise UnsupportedError(f"casts to {name}", "float32 or integers of at least 8 bits")
    kind = np.dtype(np.float32) if name in _FLOATS else _numpy_kind(name)
    return arrays[0].astype(kind)


def _numpy_kind(name: str) -> np.dtype[Any]:
    return next(
        np.dtype(kind).newbyteorder("=") for known, kind in DTYPES.values() if known == name
    )


def _identity(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    return arrays[0]


def _constant_of_shape(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    value = c.attributes.tensor("value")
    fill = np.zeros(1, np.float32) if value is None else value.data
    shape = c.integers(0, "the shape")
    if fill.size != 1:
        raise DataError(f"corrupt: {c.node.where} has {fill.size} values")
    _room(t, shape, fill.itemsize)
    return np.full(shape, fill.reshape(-1)[0], fill.dtype)


def _range(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    start, limit, delta = (array.reshape(-1)[0] for array in arrays)
    if delta == 0:
        raise DataError(f"corrupt: {c.node.where} has a step of 0")
    n = max(0, int(np.ceil((float(limit) - float(start)) / float(delta))))
    _room(t, (n,), arrays[0].itemsize)
    return (start + np.arange(n).astype(arrays[0].dtype) * delta).astype(arrays[0].dtype)


def reshape_to(wanted: Sequence[int], shape: Sequence[int], keeps_zero: bool) -> tuple[int, ...]:
    """ONNX's rule: -1 is what is left, 0 the old size unless zeros are meant."""
    n = prod(shape)
    sizes = [
        shape[i] if size == 0 and not keeps_zero and i < len(shape) else size
        for i, size in enumerate(wanted)
    ]
    if sizes.count(-1) > 1 or any(size < -1 for size in sizes):
        raise DataError(f"corrupt: a reshape to {list(wanted)[:9]}")
    if -1 in sizes:
        known = prod(size for size in sizes if size != -1)
        sizes[sizes.index(-1)] = n // known if known else 0
    if prod(sizes) != n:
        raise DataError(f"corrupt: {list(shape)} can not become {list(wanted)[:9]}")
    return tuple(sizes)


def _reshape(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    keeps_zero = bool(c.attributes.integer("allowzero", 0))
    return arrays[0].reshape(reshape_to(c.integers(1, "shape"), arrays[0].shape, keeps_zero))


def _flatten(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    axis, shape = c.attributes.integer("axis", 1), arrays[0].shape
    axis = axis + len(shape) if axis < 0 else axis
    return arrays[0].reshape(prod(shape[:axis]), prod(shape[axis:]))


def _transpose(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    rank = arrays[0].ndim
    perm = c.attributes.integers("perm") or tuple(range(rank))[::-1]
    if sorted(perm) != list(range(rank)):
        raise DataError(f"corrupt: {c.node.where} permutes {rank} axes by {list(perm)[:9]}")
    return arrays[0].transpose(perm)


def _squeeze(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    axes = c.axes_argument(1, 13, arrays[0].ndim)
    return np.squeeze(arrays[0], axes)


def _unsqueeze(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    n = len(c.integers(1, "axes") if c.has(1) else c.attributes.integers("axes") or ())
    axes = c.axes_argument(1, 13, arrays[0].ndim + n)
    return np.expand_dims(arrays[0], axes or ())


def _concat(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    return np.concatenate(arrays, c.axis(c.attributes.integer("axis", 0), arrays[0].ndim))


def slices_of(c: Call, shape: Sequence[int]) -> list[slice]:
    """ONNX's Slice as one numpy slice per axis."""
    if c.opset < 10 and not c.has(1):
        starts = c.attributes.integers("starts") or ()
        ends = c.attributes.integers("ends") or ()
        axes = c.attributes.integers("axes") or tuple(range(len(starts)))
        steps: tuple[int, ...] = (1,) * len(starts)
    else:
        starts, ends = c.integers(1, "starts"), c.integers(2, "ends")
        axes = c.integers(3, "axes") if c.has(3) else tuple(range(len(starts)))
        steps = c.integers(4, "steps") if c.has(4) else (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps) or 0 in steps:
        raise DataError(f"corrupt: {c.node.where} has lists of different lengths, or steps of 0")
    found = [slice(0, size, 1) for size in shape]
    c.axes(axes, len(shape))
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        found[c.axis(axis, len(shape))] = _slice(start, end, step, shape[axis])
    return found


def _slice(start: int, end: int, step: int, size: int) -> slice:
    start, stop, step = slice(start, end, step).indices(size)
    return slice(start, stop if stop >= 0 else None, step)


def _slicing(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    return arrays[0][tuple(slices_of(c, arrays[0].shape))]


def _gather(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    axis = c.axis(c.attributes.integer("axis", 0), arrays[0].ndim)
    data, index = arrays
    size = data.shape[axis]
    if index.size and not (-size <= index.min() and index.max() < size):
        raise DataError(f"corrupt: {c.node.where} takes index {index.max()} of {size}")
    _room(t, (*data.shape[:axis], *index.shape, *data.shape[axis + 1 :]), data.itemsize)
    return np.take(data, index.astype(np.int64), axis)


def split_sizes(c: Call, size: int, since: int = 13) -> tuple[int, ...]:
    """Sizes of a Split's outputs along its axis."""
    n = c.attributes.integer("num_outputs", c.n_outputs)
    stated = c.attributes.integers("split")
    if c.opset >= since or c.has(1):
        stated = c.integers(1, "split") if c.has(1) else None
    if stated is None:
        step = -(-size // max(n, 1))
        stated = tuple(min(step, size - i * step) for i in range(n)) if 0 < n <= size else ()
    if sum(stated) != size or len(stated) != c.n_outputs or any(part < 0 for part in stated):
        raise DataError(f"corrupt: {c.node.where} splits {size} into {list(stated)[:9]}")
    return stated


def _split(t: Translator, c: Call, arrays: Sequence[Array]) -> Sequence[Array]:
    axis = c.axis(c.attributes.integer("axis", 0), arrays[0].ndim)
    sizes = split_sizes(c, arrays[0].shape[axis])
    return np.split(arrays[0], np.cumsum(sizes)[:-1], axis)


def _expand(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    shape = np.broadcast_shapes(arrays[0].shape, c.integers(1, "the shape"))
    _room(t, shape, arrays[0].itemsize)
    return np.broadcast_to(arrays[0], shape)


def _tile(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    repeats = c.integers(1, "the repeats")
    if len(repeats) != arrays[0].ndim or any(n < 0 for n in repeats):
        raise DataError(f"corrupt: {c.node.where} repeats {arrays[0].ndim} axes by {repeats}")
    _room(t, [a * b for a, b in zip(arrays[0].shape, repeats, strict=True)], arrays[0].itemsize)
    return np.tile(arrays[0], repeats)


def _reduce(function: Callable[..., Array]) -> Fold:
    def entry(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
        since = 13 if c.node.op == "ReduceSum" else 18
        axes = c.axes_argument(1, since, arrays[0].ndim)
        if not arrays[0].size:
            raise UnsupportedError("reduces an empty constant", "sizes of at least 1")
        if not axes and c.attributes.integer("noop_with_empty_axes", 0):
            return arrays[0]
        keep = bool(c.attributes.integer("keepdims", 1))
        return _like(function(arrays[0], axis=axes or None, keepdims=keep), arrays[0])

    return entry


def _nonzero(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    _room(t, (arrays[0].ndim, arrays[0].size), 8)
    return np.array(np.nonzero(arrays[0]), np.int64)


def _trilu(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    k = int(c.number(1, "the diagonal", 0))
    return np.triu(arrays[0], k) if c.attributes.integer("upper", 1) else np.tril(arrays[0], k)


def _scatter_nd(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    data, index, updates = arrays[0].copy(), arrays[1], arrays[2]
    depth = index.shape[-1] if index.ndim else 0
    limits = np.array(data.shape[:depth])
    if c.attributes.text("reduction", "none") != "none" or not 0 < depth <= data.ndim:
        raise UnsupportedError("scatters by adding", "plain assignment")
    if not np.all((index >= -limits) & (index < limits)):
        raise DataError(f"corrupt: {c.node.where} has an index outside of {list(data.shape)}")
    data[tuple(np.moveaxis(index, -1, 0))] = updates
    return data


def _cumulate(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    if c.attributes.integer("exclusive", 0) or c.attributes.integer("reverse", 0):
        raise UnsupportedError("is exclusive or reversed on constants", "a plain CumSum")
    return np.cumsum(arrays[0], c.axis(int(c.number(1, "axis", 0)), arrays[0].ndim)).astype(
        arrays[0].dtype
    )


def _matmul(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
    a, b = arrays
    if min(a.ndim, b.ndim) > 1:
        shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
        _room(t, (*shape, a.shape[-2], b.shape[-1]), 4)
    return np.matmul(a, b)


def _argument(function: Callable[..., Array]) -> Fold:
    def entry(t: Translator, c: Call, arrays: Sequence[Array]) -> Array:
        axis = c.axis(c.attributes.integer("axis", 0), arrays[0].ndim)
        found = function(arrays[0], axis)
        keep = c.attributes.integer("keepdims", 1)
        return np.expand_dims(found, axis) if keep else found

    return entry


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x.astype(np.float64)))


# An input of these may be left out
_OPTIONAL = ("Clip", "Slice", "Squeeze", "ReduceSum", "ReduceMean", "Trilu")

FOLDS: dict[str, Fold] = {
    "Abs": _elementwise(np.abs),
    "Add": _elementwise(np.add),
    "And": _compare(np.logical_and),
    "ArgMax": _argument(np.argmax),
    "ArgMin": _argument(np.argmin),
    "Cast": _cast,
    "CastLike": lambda t, c, arrays: arrays[0].astype(arrays[1].dtype),
    "Ceil": _elementwise(np.ceil),
    "Clip": _clip,
    "Concat": _concat,
    "ConstantOfShape": _constant_of_shape,
    "Cos": _elementwise(np.cos),
    "CumSum": _cumulate,
    "Div": _elementwise(_divide),
    "Dropout": _identity,
    "Equal": _compare(np.equal),
    "Exp": _elementwise(np.exp),
    "Expand": _expand,
    "Flatten": _flatten,
    "Floor": _elementwise(np.floor),
    "Gather": _gather,
    "Greater": _compare(np.greater),
    "GreaterOrEqual": _compare(np.greater_equal),
    "Identity": _identity,
    "Less": _compare(np.less),
    "LessOrEqual": _compare(np.less_equal),
    "Log": _elementwise(np.log),
    "MatMul": _matmul,
    "Max": _variadic(np.maximum),
    "Min": _variadic(np.minimum),
    "Mod": _modulo,
    "Mul": _elementwise(np.multiply),
    "Neg": _elementwise(np.negative),
    "NonZero": _nonzero,
    "Not": _compare(np.logical_not),
    "Or": _compare(np.logical_or),
    "Pow": _elementwise(_power),
    "Range": _range,
    "Reciprocal": _elementwise(np.reciprocal),
    "ReduceMax": _reduce(np.max),
    "ReduceMean": _reduce(np.mean),
    "ReduceMin": _reduce(np.min),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "Relu": _elementwise(lambda x: np.maximum(x, 0)),
    "Reshape": _reshape,
    "Round": _elementwise(np.rint),
    "ScatterND": _scatter_nd,
    "Sigmoid": _elementwise(_sigmoid),
    "Sign": _elementwise(np.sign),
    "Sin": _elementwise(np.sin),
    "Slice": _slicing,
    "Split": _split,
    "Sqrt": _elementwise(np.sqrt),
    "Squeeze": _squeeze,
    "Sub": _elementwise(np.subtract),
    "Sum": _variadic(np.add),
    "Tanh": _elementwise(np.tanh),
    "Tile": _tile,
    "Transpose": _transpose,
    "Trilu": _trilu,
    "Unsqueeze": _unsqueeze,
    "Where": _where,
    "Xor": _compare(np.logical_xor),
}
