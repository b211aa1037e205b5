# SPDX-License-Identifier: Apache-2.0
"""Random ops that move values: shapes, transposes, slices, tiles, mirrored borders."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import Generator

from tflm._draw import Make, Single, a_scale, a_shape, a_zero_point
from unit._tflite_bytes import Model


def a_quant(rng: Generator, kind: str) -> dict[str, Any]:
    """Scale and zero point of a number kind; none for plain numbers."""
    if kind not in ("int8", "int16"):
        return {}
    return {"scale": a_scale(rng), "zero_point": a_zero_point(rng) if kind == "int8" else 0}


def moved(
    rng: Generator,
    op: str,
    shape: tuple[int, ...],
    out: tuple[int, ...],
    kind: str,
    tables: Any = (),
    options: dict[int, Any] | None = None,
    union: int = 0,
    runtime: str = "tflm",
) -> Single:
    """A one-op model of x and constant int32 tables; sometimes the output has other scales."""
    net = Model()
    quant = a_quant(rng, kind)
    x = net.tensor(shape, kind, **quant)
    rest = [net.tensor(np.shape(table), "int32", data=table) for table in tables]
    other = a_quant(rng, kind) if rng.random() < 0.2 else quant
    y = net.tensor(out, kind, **other)
    net.operator(op, [x, *rest], [y], options, union)
    return Single(net, [x], [y], runtime=runtime)


def a_kind(rng: Generator, *kinds: str) -> str:
    return str(rng.choice(kinds))


def reshape(rng: Generator) -> Single:
    shape = a_shape(rng, int(rng.integers(1, 5)), 4)
    sizes = [*map(int, rng.permutation(shape)), 1]
    kind = a_kind(rng, "int8", "int16", "float32", "int32", "int64", "bool")
    wanted = [-1 if i == 0 else n for i, n in enumerate(sizes)]
    tables = [wanted] if rng.random() < 0.7 else []
    options = None if tables else {0: ("vec", "i4", sizes)}
    return moved(rng, "RESHAPE", shape, tuple(sizes), kind, tables, options, 17)


def squeeze(rng: Generator) -> Single:
    shape = (1, *a_shape(rng, 2, 4), 1, 3)
    return moved(rng, "SQUEEZE", shape, (*shape[:3], 3), "int8", (), {0: ("vec", "i4", [3])}, 30)


def expand_dims(rng: Generator) -> Single:
    shape = a_shape(rng, 3, 4)
    axis = int(rng.integers(-4, 4))
    out = list(shape)
    out.insert(axis % 4, 1)
    kind = a_kind(rng, "int8", "float32")
    return moved(rng, "EXPAND_DIMS", shape, tuple(out), kind, [[axis]])


def transpose(rng: Generator) -> Single:
    rank = int(rng.integers(2, 6))
    shape, perm = a_shape(rng, rank, 4), [int(axis) for axis in rng.permutation(rank)]
    kind = a_kind(rng, "int8", "int16", "float32")
    return moved(rng, "TRANSPOSE", shape, tuple(shape[axis] for axis in perm), kind, [perm])


def slice_(rng: Generator) -> Single:
    rank = int(rng.integers(1, 6))
    shape = a_shape(rng, rank, 5)
    begin = [int(rng.integers(n)) for n in shape]
    size = [int(rng.integers(1, n - b + 1)) for n, b in zip(shape, begin, strict=True)]
    stated = [-1 if b + s == n else s for n, b, s in zip(shape, begin, size, strict=True)]
    kind = a_kind(rng, "int8", "int16", "float32", "int32", "bool")
    return moved(rng, "SLICE", shape, tuple(size), kind, [begin, stated])


def strided_slice(rng: Generator) -> Single:
    """Begins and ends far out, either sign of strides, masks; drawn until something is left."""
    while True:
        rank = int(rng.integers(1, 5))
        shape = a_shape(rng, rank, 6)
        begin, end = (rng.integers(-8, 9, rank) for _ in range(2))
        stride = rng.choice([-3, -2, -1, 1, 1, 2, 3], rank)
        masks = [int(mask) for mask in rng.integers(0, 1 << rank, 2)]
        shrink = int(rng.integers(0, 1 << rank)) if rng.random() < 0.5 else 0
        out = []
        for i, n in enumerate(shape):
            if shrink >> i & 1:
                begin[i], stride[i] = int(rng.integers(-n, n)), 1
                masks[0] &= ~(1 << i)
                continue
            first = None if masks[0] >> i & 1 else int(begin[i])
            last = None if masks[1] >> i & 1 else int(end[i])
            out.append(len(range(n)[first : last : int(stride[i])]))
        # TFLite Micro gives scalars no room, and numpy's slices are Python's for these ranges
        if out and all(out):
            break
    options = {0: ("i4", masks[0]), 1: ("i4", masks[1]), 4: ("i4", shrink)}
    kind = a_kind(rng, "int8", "int16", "float32", "int32", "bool")
    tables = [begin.tolist(), end.tolist(), stride.tolist()]
    return moved(rng, "STRIDED_SLICE", shape, tuple(out), kind, tables, options, 32)


def strided_slice_new_axes(rng: Generator) -> Single:
    """Ellipsis and new axes, which LiteRT has alone: x[a:, ..., newaxis, :b]."""
    shape = a_shape(rng, 4, 4)
    a, b = int(rng.integers(shape[0])), int(rng.integers(1, shape[3] + 1))
    begin, end = [a, 0, 0, 0], [shape[0], 0, 0, b]
    options = {0: ("i4", 0), 1: ("i4", 0), 2: ("i4", 2), 3: ("i4", 4), 4: ("i4", 0)}
    out = (shape[0] - a, shape[1], shape[2], 1, b)
    tables = [begin, end, [1, 1, 1, 1]]
    return moved(rng, "STRIDED_SLICE", shape, out, "float32", tables, options, 32, runtime="litert")


def reverse(rng: Generator) -> Single:
    rank = int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 5)
    axes = [int(rng.integers(rank))]
    kind = a_kind(rng, "float32", "int16", "int32", "int64", "bool")
    return moved(rng, "REVERSE_V2", shape, shape, kind, [axes], runtime="litert")


def tile(rng: Generator) -> Single:
    rank = int(rng.integers(1, 5))
    shape, times = a_shape(rng, rank, 4), a_shape(rng, rank, 3)
    out = tuple(n * k for n, k in zip(shape, times, strict=True))
    kind = a_kind(rng, "float32", "int8", "int32", "int64", "bool")
    return moved(rng, "TILE", shape, out, kind, [list(times)], runtime="litert")


def broadcast_to(rng: Generator) -> Single:
    rank = int(rng.integers(1, 5))
    shape = a_shape(rng, rank, 4)
    out = tuple(int(rng.integers(2, 5)) if n == 1 else n for n in shape)
    kind = a_kind(rng, "float32", "int8", "int16", "int32")
    return moved(rng, "BROADCAST_TO", shape, out, kind, [list(out)])


def pad(rng: Generator) -> Single:
    """Every kind that TFLite Micro pads, batch axis too."""
    rank = int(rng.integers(1, 5))
    shape, amount = a_shape(rng, rank, 5), rng.integers(0, 4, (rank, 2))
    wide = tuple(n + int(a.sum()) for n, a in zip(shape, amount, strict=True))
    kind = a_kind(rng, "int8", "int16", "float32", "int32")
    net, quant = Model(), a_quant(rng, kind)
    inputs = [net.tensor(shape, kind, **quant), net.tensor((rank, 2), "int32", data=amount)]
    if rng.random() < 0.5:
        value = rng.normal(0, 9) if kind == "float32" else int(rng.integers(-128, 128))
        inputs.append(net.tensor((1,), kind, **quant, data=[value]))
    y = net.tensor(wide, kind, **quant)
    net.operator("PAD" if len(inputs) == 2 else "PADV2", inputs, [y])
    return Single(net, inputs[:1], [y])


def mirror_pad(rng: Generator) -> Single:
    rank, mode = int(rng.integers(1, 5)), int(rng.integers(2))
    shape = a_shape(rng, rank, 5)
    amount = [[int(rng.integers(n + mode)) for _ in range(2)] for n in shape]
    wide = tuple(n + sum(a) for n, a in zip(shape, amount, strict=True))
    kind = a_kind(rng, "int8", "float32")
    return moved(rng, "MIRROR_PAD", shape, wide, kind, [amount], {0: ("i1", mode)}, 77)


CASES: dict[str, Make] = {
    "broadcast_to": broadcast_to,
    "expand_dims": expand_dims,
    "mirror_pad": mirror_pad,
    "pad of every kind": pad,
    "reshape": reshape,
    "reverse": reverse,
    "slice": slice_,
    "squeeze": squeeze,
    "strided_slice": strided_slice,
    "strided_slice with new axes": strided_slice_new_axes,
    "tile": tile,
    "transpose": transpose,
}
