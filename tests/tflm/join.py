# SPDX-License-Identifier: Apache-2.0
"""Random ops that join values, cut them, or take parts of them by index."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from tflm._draw import Make, Single, a_shape
from tflm.move import a_kind, a_quant
from unit._tflite_bytes import Model


def concatenation(rng: Generator) -> Single:
    """int16 of other scales is copied all the same."""
    net, rank = Model(), int(rng.integers(1, 5))
    shape, axis = a_shape(rng, rank, 4), int(rng.integers(-rank, rank))
    kind = a_kind(rng, "int8", "int16", "float32", "int32", "int64")
    quant, inputs, given, total = a_quant(rng, kind), [], [], 0
    for _ in range(int(rng.integers(1, 8))):
        own = list(shape)
        own[axis] = int(rng.integers(1, 5))
        total += own[axis]
        data = rng.integers(-100, 100, own) if rng.random() < 0.2 else None
        scales = a_quant(rng, kind) if kind == "int16" and rng.random() < 0.3 else quant
        inputs.append(net.tensor(tuple(own), kind, **scales, data=data))
        given += [inputs[-1]] if data is None else []
    out = list(shape)
    out[axis] = total
    y = net.tensor(tuple(out), kind, **quant)
    net.operator("CONCATENATION", inputs, [y], {0: ("i4", axis), 1: ("i1", 0)}, 10)
    return Single(net, given, [y])


def pack(rng: Generator) -> Single:
    net, rank, n = Model(), int(rng.integers(1, 4)), int(rng.integers(1, 5))
    shape, axis = a_shape(rng, rank, 4), int(rng.integers(-rank - 1, rank + 1))
    kind = a_kind(rng, "int8", "float32", "int32", "int64")
    quant = a_quant(rng, kind)
    inputs = [net.tensor(shape, kind, **quant) for _ in range(n)]
    out = list(shape)
    out.insert(axis % (rank + 1), n)
    y = net.tensor(tuple(out), kind, **quant)
    net.operator("PACK", inputs, [y], {0: ("i4", n), 1: ("i4", axis)}, 59)
    return Single(net, inputs, [y])


def unpack(rng: Generator) -> Single:
    net, rank = Model(), int(rng.integers(2, 5))
    shape, axis = a_shape(rng, rank, 4), int(rng.integers(-rank, rank))
    kind = a_kind(rng, "int8", "float32", "int32")
    quant = a_quant(rng, kind)
    x, n = net.tensor(shape, kind, **quant), shape[axis]
    rest = shape[: axis % rank] + shape[axis % rank + 1 :]
    made = [net.tensor(rest, kind, **quant) for _ in range(n)]
    net.operator("UNPACK", [x], made, {0: ("i4", n), 1: ("i4", axis)}, 64)
    return Single(net, [x], made)


def split(rng: Generator) -> Single:
    net, rank, n = Model(), int(rng.integers(1, 5)), int(rng.integers(1, 4))
    axis = int(rng.integers(-rank, rank))
    part = a_shape(rng, rank, 4)
    whole = list(part)
    whole[axis] *= n
    kind = a_kind(rng, "int8", "int16", "float32", "int32")
    quant = a_quant(rng, kind)
    x = net.tensor(tuple(whole), kind, **quant)
    dim = net.tensor((), "int32", data=np.array(axis))
    made = [net.tensor(part, kind, **quant) for _ in range(n)]
    net.operator("SPLIT", [dim, x], made, {0: ("i4", n)}, 35)
    return Single(net, [x], made)


def split_v(rng: Generator) -> Single:
    net, rank = Model(), int(rng.integers(1, 5))
    axis, sizes = int(rng.integers(-rank, rank)), a_shape(rng, int(rng.integers(1, 4)), 3)
    whole = list(a_shape(rng, rank, 4))
    whole[axis] = sum(sizes)
    kind = a_kind(rng, "int8", "int16", "float32", "int32")
    quant = a_quant(rng, kind)
    x = net.tensor(tuple(whole), kind, **quant)
    stated = [-1 if i == 0 and rng.random() < 0.3 else n for i, n in enumerate(sizes)]
    tables = [net.tensor((len(sizes),), "int32", data=stated)]
    tables.append(net.tensor((), "int32", data=np.array(axis)))
    made = []
    for size in sizes:
        part = list(whole)
        part[axis] = size
        made.append(net.tensor(tuple(part), kind, **quant))
    net.operator("SPLIT_V", [x, *tables], made, {0: ("i4", len(sizes))}, 79)
    return Single(net, [x], made)


def gather(rng: Generator) -> Single:
    """Indices constant or computed, batch dims, any axis."""
    net, rank = Model(), int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 4)
    batch_dims = int(rng.integers(0, min(rank, 3)))
    axis = int(rng.integers(batch_dims, rank))
    own = (*shape[:batch_dims], *a_shape(rng, int(rng.integers(1, 3)), 4))
    own = own[: batch_dims + max(1, 4 - (rank - 1))]
    kind = a_kind(rng, "int8", "float32")
    quant = a_quant(rng, kind)
    x = net.tensor(shape, kind, **quant)
    indices = rng.integers(0, shape[axis], own).astype(np.int32)
    constant = bool(rng.random() < 0.5)
    at = net.tensor(own, "int32", data=indices if constant else None)
    out = (*shape[:axis], *own[batch_dims:], *shape[axis + 1 :])
    y = net.tensor(out, kind, **quant)
    options = {0: ("i4", axis), 1: ("i4", batch_dims)}
    net.operator("GATHER", [x, at], [y], options, 23)
    return Single(net, [x] if constant else [x, at], [y], given={} if constant else {at: indices})


def gather_nd(rng: Generator) -> Single:
    net, rank = Model(), int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 4)
    depth = int(rng.integers(1, rank + 1))
    rows = a_shape(rng, int(rng.integers(1, 3)), 4)
    kind = a_kind(rng, "int8", "float32")
    quant = a_quant(rng, kind)
    x = net.tensor(shape, kind, **quant)
    indices = rng.integers(0, np.array(shape[:depth]), (*rows, depth)).astype(np.int32)
    constant = bool(rng.random() < 0.5)
    at = net.tensor(indices.shape, "int32", data=indices if constant else None)
    y = net.tensor((*rows, *shape[depth:]), kind, **quant)
    net.operator("GATHER_ND", [x, at], [y])
    return Single(net, [x] if constant else [x, at], [y], given={} if constant else {at: indices})


def embedding_lookup(rng: Generator) -> Single:
    """Words of a table by index."""
    net = Model()
    n, width, count = (int(rng.integers(1, 7)) for _ in range(3))
    at = net.tensor((count,), "int32")
    table = net.tensor((n, width), "float32", data=rng.normal(size=(n, width)))
    y = net.tensor((count, width), "float32")
    net.operator("EMBEDDING_LOOKUP", [at, table], [y])
    indices = rng.integers(0, n, count).astype(np.int32)
    return Single(net, [at], [y], given={at: indices}, runtime="litert")


def one_hot(rng: Generator) -> Single:
    net, rank, depth = Model(), int(rng.integers(1, 4)), int(rng.integers(1, 6))
    shape, axis = a_shape(rng, rank, 4), int(rng.integers(-1, rank + 1))
    kind = a_kind(rng, "float32", "int32", "int64")
    x = net.tensor(shape, "int32")
    scalars = [net.tensor((), "int32", data=np.array(depth))]
    scalars += [net.tensor((), kind, data=np.array(int(n))) for n in rng.integers(-9, 9, 2)]
    out = list(shape)
    out.insert(axis % (rank + 1), depth)
    y = net.tensor(tuple(out), kind)
    net.operator("ONE_HOT", [x, *scalars], [y], {0: ("i4", axis)}, 61)
    indices = rng.integers(-1, depth + 1, shape).astype(np.int32)
    return Single(net, [x], [y], given={x: indices}, runtime="litert")


def dynamic_update_slice(rng: Generator) -> Single:
    net, rank = Model(), int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 5)
    part = tuple(int(rng.integers(1, n + 1)) for n in shape)
    kind = a_kind(rng, "int8", "float32", "int32")
    quant = a_quant(rng, kind)
    x, update = (net.tensor(size, kind, **quant) for size in (shape, part))
    first = net.tensor((rank,), "int32")
    y = net.tensor(shape, kind, **quant)
    net.operator("DYNAMIC_UPDATE_SLICE", [x, update, first], [y])
    at = rng.integers(-2, np.array(shape) + 2).astype(np.int32)
    return Single(net, [x, update, first], [y], given={first: at}, runtime="litert")


CASES: dict[str, Make] = {
    "concatenation": concatenation,
    "dynamic_update_slice": dynamic_update_slice,
    "embedding_lookup": embedding_lookup,
    "gather": gather,
    "gather_nd": gather_nd,
    "one_hot": one_hot,
    "pack": pack,
    "split": split,
    "split_v": split_v,
    "unpack": unpack,
}
