# SPDX-License-Identifier: Apache-2.0
"""Random ops on the pixels of images: blocks and other sizes."""

from __future__ import annotations

from dataclasses import replace

from numpy.random import Generator

from tflm._draw import Make, Single, a_shape
from tflm.move import a_kind, a_quant, moved
from unit._tflite_bytes import Model


def space_to_batch(rng: Generator) -> Single:
    """TFLite Micro leaves the border to what its memory holds; LiteRT does not."""
    n, m = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    block = a_shape(rng, m, 3)
    pads = [[int(before), 0] for before in rng.integers(0, 3, m)]
    sizes = a_shape(rng, m, 6)
    for pair, size, b in zip(pads, sizes, block, strict=True):
        pair[1] = -(size + pair[0]) % b
    whole = [(s + sum(p)) // b for s, p, b in zip(sizes, pads, block, strict=True)]
    depth, blocks = int(rng.integers(1, 4)), block[0] * (block[1] if m == 2 else 1)
    kind = a_kind(rng, "int8", "float32")
    tables = [list(block), pads]
    before, after = (n, *sizes, depth), (n * blocks, *whole, depth)
    runtime = "litert" if any(map(any, pads)) else "tflm"
    return _alike(moved(rng, "SPACE_TO_BATCH_ND", before, after, kind, tables, runtime=runtime))


def batch_to_space(rng: Generator) -> Single:
    n, m = int(rng.integers(1, 3)), int(rng.integers(1, 3))
    block, sizes = a_shape(rng, m, 3), a_shape(rng, m, 4)
    whole = [s * b for s, b in zip(sizes, block, strict=True)]
    crops = []
    for i, size in enumerate(whole):
        before = int(rng.integers(0, min(3, size)))
        after = int(rng.integers(0, min(3, size - before)))
        crops.append([before, after])
        whole[i] -= before + after
    depth, blocks = int(rng.integers(1, 4)), block[0] * (block[1] if m == 2 else 1)
    kind = a_kind(rng, "int8", "float32")
    before_, after_ = (n * blocks, *sizes, depth), (n, *whole, depth)
    return _alike(moved(rng, "BATCH_TO_SPACE_ND", before_, after_, kind, [list(block), crops]))


def _alike(single: Single) -> Single:
    """The case with one quantization for input and output, which these kernels demand."""
    tensors = single.model.tensors
    x, y = single.inputs[0], single.outputs[0]
    if 4 in tensors[x]:
        tensors[y][4] = tensors[x][4]
    return single


def space_to_depth(rng: Generator) -> Single:
    b = int(rng.integers(1, 4))
    n, rows, columns, depth = a_shape(rng, 4, 3)
    kind = a_kind(rng, "int8", "float32")
    before, after = (n, rows * b, columns * b, depth), (n, rows, columns, depth * b * b)
    options = {0: ("i4", b)}
    return _alike(moved(rng, "SPACE_TO_DEPTH", before, after, kind, (), options, 19))


def depth_to_space(rng: Generator) -> Single:
    b = int(rng.integers(1, 4))
    n, rows, columns, depth = a_shape(rng, 4, 3)
    kind = a_kind(rng, "int8", "float32")
    before, after = (n, rows, columns, depth * b * b), (n, rows * b, columns * b, depth)
    options = {0: ("i4", b)}
    return _alike(moved(rng, "DEPTH_TO_SPACE", before, after, kind, (), options, 94))


def _resize(rng: Generator, op: str, kind: str, fields: tuple[int, int], union: int) -> Single:
    net = Model()
    n, rows, columns, depth = a_shape(rng, 4, 9)
    size = a_shape(rng, 2, 20)
    which = int(rng.integers(3))
    options = {field: ("u1", int(which == i + 1)) for i, field in enumerate(fields)}
    quant = a_quant(rng, kind)
    x = net.tensor((n, rows, columns, depth), kind, **quant)
    table = net.tensor((2,), "int32", data=list(size))
    y = net.tensor((n, *size, depth), kind, **quant)
    net.operator(op, [x, table], [y], options, union)
    return Single(net, [x], [y])


def resize_nearest(rng: Generator) -> Single:
    kind = a_kind(rng, "int8", "int16", "float32")
    return _resize(rng, "RESIZE_NEAREST_NEIGHBOR", kind, (0, 1), 74)


def resize_bilinear(rng: Generator) -> Single:
    return _resize(rng, "RESIZE_BILINEAR", a_kind(rng, "int8", "float32"), (2, 3), 15)


def resize_bilinear_int16(rng: Generator) -> Single:
    """A kind that LiteRT has alone."""
    return replace(_resize(rng, "RESIZE_BILINEAR", "int16", (2, 3), 15), runtime="litert")


CASES: dict[str, Make] = {
    "batch_to_space": batch_to_space,
    "depth_to_space": depth_to_space,
    "resize_bilinear": resize_bilinear,
    "resize_bilinear of int16": resize_bilinear_int16,
    "resize_nearest": resize_nearest,
    "space_to_batch": space_to_batch,
    "space_to_depth": space_to_depth,
}
