# SPDX-License-Identifier: Apache-2.0
"""Ops that move elements: concatenate, cut, pick, pad, repeat, blocks of pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, ShapeError, UnsupportedError
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx._fold import slices_of, split_sizes
from iseul.graph.read._onnx._layout import Const, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Shape
    from iseul.graph.read._onnx._translate import Call, Operand, Translator


# --- join and cut


def concat(t: Translator, c: Call) -> Operand:
    operands = [c.operand(i) for i in range(len(c.inputs))]
    kept = [x for x in operands if 0 not in x.shape]
    if len(kept) == 1:
        return kept[0]
    rank = kept[0].rank
    axis = c.axis(c.attributes.integer("axis", 0), rank)
    if any(x.rank != rank for x in kept):
        raise ShapeError(f"joins {[x.shape for x in kept]}, which differ in their axes")
    order, values = _stored_alike(t, kept, rank)
    value = t.node("concatenation", values, c.name, axis=order.index(axis))
    shape = list(kept[0].shape)
    shape[axis] = sum(x.shape[axis] for x in kept)
    lead = next(x for x in kept if isinstance(x, Tensor))
    return Tensor(value, tuple(shape), order, lead.role, unsigned=lead.unsigned)


def _stored_alike(
    t: Translator, operands: Sequence[Operand], rank: int
) -> tuple[layout.Layout, list[str]]:
    """Values of all operands in the layout of the largest computed one."""
    order, wide = t.aligned(operands, rank)
    return order, [_value(t, x) for x in wide]


def _value(t: Translator, x: Tensor | Const) -> str:
    return x.value if isinstance(x, Tensor) else t.tensor(x).value


def concat_of_integers(t: Translator, c: Call) -> Any:
    """Each operand in the wanted quantization first, as QLinearConcat; then bytes are copied."""
    operands = [c.operand(i) for i in range(len(c.inputs))]
    if all(isinstance(x, Tensor) and x.role == "integer" for x in operands):
        quants = {t.value(x.value).quant for x in operands if isinstance(x, Tensor)}
        return concat(t, c) if len(quants) == 1 else None
    tensors = [x for x in operands if isinstance(x, Tensor) and q.quant_of(t, x) is not None]
    if c.wanted is None or len(tensors) < len(operands):
        return None
    wanted = c.wanted
    alike = tuple(q.requantized(t, x, wanted, f"{c.name}.{i}") for i, x in enumerate(tensors))
    return concat(t, replace(c, inputs=alike))


def split(t: Translator, c: Call) -> list[Tensor]:
    x = t.whole(t.tensor(c.operand(0)))
    axis = c.axis(c.attributes.integer("axis", 0), x.rank)
    sizes = split_sizes(c, x.shape[axis])
    if 0 in sizes:
        raise UnsupportedError(f"makes empty values ({list(sizes)})", "sizes of at least 1")
    first = t.node("split", [x.value], c.name, axis=x.position(axis), sizes=sizes)
    found = []
    for value, size in zip(t.builder.outputs_of(first), sizes, strict=True):
        shape = (*x.shape[:axis], size, *x.shape[axis + 1 :])
        found.append(replace(x, value=value, shape=shape))
    return found


def slice_(t: Translator, c: Call) -> Tensor:
    x = t.whole(t.tensor(c.operand(0)))
    found = slices_of(c, x.shape)
    ranges = [range(*s.indices(n)) for s, n in zip(found, x.shape, strict=True)]
    if any(len(r) == 0 for r in ranges):
        raise UnsupportedError("makes an empty value", "sizes of at least 1")
    return _cut(t, x, c.name, [(r.start, len(r), r.step) for r in ranges])


def _cut(t: Translator, x: Tensor, name: str, parts: Sequence[tuple[int, int, int]]) -> Tensor:
    """(first, number, step) of each of the file's axes."""
    shape = tuple(n for _, n, _ in parts)
    if shape == x.shape and all(step == 1 for _, _, step in parts):
        return x
    stored = [parts[axis] for axis in x.layout]
    value = t.node(
        "slice",
        [x.value],
        name,
        begin=tuple(first for first, _, _ in stored),
        size=tuple(n for _, n, _ in stored),
        stride=tuple(step for _, _, step in stored),
    )
    return replace(x, value=value, shape=shape)


# --- pick


def gather(t: Translator, c: Call) -> Tensor:
    """Indices that are computed must not be negative."""
    x, index = c.operand(0), c.operand(1)
    axis = c.axis(c.attributes.integer("axis", 0), x.rank)
    if isinstance(index, Const):
        return _pick(t, c, t.whole(t.tensor(x)), index, axis)
    values = t.whole(t.tensor(x))
    data = t.plain(values)
    value = t.node("gather", [data, t.plain(index)], c.name, axis=axis)
    shape = (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :])
    return Tensor(value, shape, layout.identity(len(shape)), values.role, unsigned=values.unsigned)


def _pick(t: Translator, c: Call, x: Tensor, index: Const, axis: int) -> Tensor:
    """Slices by known indices: a slice where they follow each other, else a gather."""
    size = x.shape[axis]
    wanted = index.data.astype(np.int64).reshape(-1)
    if wanted.size == 0 or wanted.min() < -size or wanted.max() >= size:
        raise DataError(f"corrupt: {c.node.where} takes indices outside of {size}")
    wanted = np.where(wanted < 0, wanted + size, wanted)
    step = int(wanted[1] - wanted[0]) if wanted.size > 1 else 1
    if step != 0 and np.all(np.diff(wanted) == step):
        parts = [(0, n, 1) for n in x.shape]
        parts[axis] = (int(wanted[0]), wanted.size, step)
        y = _cut(t, x, c.name, parts)
    else:
        place = t.constant(wanted.astype(np.int32), f"{c.name}.indices")
        value = t.node("gather", [x.value, place], c.name, axis=x.position(axis))
        shape = (*x.shape[:axis], wanted.size, *x.shape[axis + 1 :])
        y = replace(x, value=value, shape=shape)
    return t.reshaped(y, (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))


def gather_nd(t: Translator, c: Call) -> Tensor:
    """Indices that are computed must not be negative."""
    x, index = t.whole(t.tensor(c.operand(0))), c.operand(1)
    if c.attributes.integer("batch_dims", 0):
        raise UnsupportedError("takes other elements of each sample (batch_dims)", "batch_dims = 0")
    if isinstance(index, Const):
        depth = index.shape[-1]
        size = np.array(x.shape[:depth])
        found = np.where(index.data < 0, index.data + size, index.data)
        if np.any(found < 0) or np.any(found >= size):
            raise DataError(f"corrupt: {c.node.where} takes indices outside of {x.shape}")
        place = t.constant(found.astype(np.int32), f"{c.name}.indices")
    else:
        depth, place = index.shape[-1], t.plain(index)
    value = t.node("gather_nd", [t.plain(x), place], c.name)
    shape = (*index.shape[:-1], *x.shape[depth:])
    return Tensor(value, shape, layout.identity(len(shape)), x.role, unsigned=x.unsigned)


# --- pad and repeat


def pad(t: Translator, c: Call) -> Tensor:
    x = t.whole(t.tensor(c.operand(0)))
    if c.opset < 11:
        flat = c.attributes.integers("pads") or c.attributes.integers("paddings") or ()
        fill, axes = c.attributes.real("value", 0.0), tuple(range(x.rank))
    else:
        flat, fill = c.integers(1, "pads"), c.number(2, "the value", 0.0)
        axes = c.axes(c.integers(3, "axes"), x.rank) if c.has(3) else tuple(range(x.rank))
    if len(flat) != 2 * len(axes):
        raise DataError(f"corrupt: {c.node.where} has {len(flat)} pads for {len(axes)} axes")
    pads = [(0, 0)] * x.rank
    for i, axis in enumerate(axes):
        pads[axis] = (flat[i], flat[len(axes) + i])
    # negative pads cut
    parts = [
        (max(0, -before), n + min(0, before) + min(0, after), 1)
        for n, (before, after) in zip(x.shape, pads, strict=True)
    ]
    if any(n < 1 for _, n, _ in parts):
        raise UnsupportedError(f"cuts everything off ({list(flat)[:16]})", "smaller cuts")
    x = _cut(t, x, f"{c.name}.cut", parts)
    more = [(max(0, before), max(0, after)) for before, after in pads]
    if not any(map(any, more)):
        return x
    stored = tuple(more[axis] for axis in x.layout)
    mode = c.attributes.text("mode", "constant")
    shape = tuple(n + sum(pair) for n, pair in zip(x.shape, more, strict=True))
    if mode == "constant":
        value = t.node("pad", [x.value], c.name, pads=stored, value=_finite(fill))
    elif mode in ("reflect", "edge"):
        value = t.node("mirror_pad", [x.value], c.name, pads=stored, mode=mode)
    else:
        raise UnsupportedError(f"pads by mode {mode[:20]!r}", "constant, reflect or edge")
    return replace(x, value=value, shape=shape)


def _finite(value: float) -> float:
    """Infinities as the largest floats: what a pool or a maximum makes of them is the same."""
    return min(max(value, -3e38), 3e38)


def pad_of_integers(t: Translator, c: Call) -> Tensor | None:
    """The border is rounded to the integer that stands for it."""
    x = t.tensor(c.operand(0))
    return None if x.role != "real" else pad(t, c)


def expand(t: Translator, c: Call) -> Tensor:
    x = t.whole(t.tensor(c.operand(0)))
    shape = tuple(np.broadcast_shapes(x.shape, c.integers(1, "the shape")))
    return broadcast(t, x, shape, c.name)


def broadcast(t: Translator, x: Tensor, shape: Shape, name: str) -> Tensor:
    """x repeated to a shape; nothing if it has that shape."""
    if len(shape) > x.rank:
        x = t.reshaped(x, (1,) * (len(shape) - x.rank) + x.shape)
    if shape == x.shape:
        return x
    stored = tuple(shape[axis] for axis in x.layout)
    return replace(x, value=t.node("broadcast_to", [x.value], name, shape=stored), shape=shape)


def tile(t: Translator, c: Call) -> Tensor:
    x = t.whole(t.tensor(c.operand(0)))
    repeats = c.integers(1, "the repeats")
    if len(repeats) != x.rank or any(n < 1 for n in repeats):
        raise UnsupportedError(f"repeats {x.shape} by {list(repeats)[:9]}", "repeats >= 1")
    if all(n == 1 for n in repeats):
        return x
    stored = tuple(repeats[axis] for axis in x.layout)
    shape = tuple(n * m for n, m in zip(x.shape, repeats, strict=True))
    return replace(x, value=t.node("tile", [x.value], c.name, multiples=stored), shape=shape)


# --- blocks of pixels


def depth_to_space(t: Translator, c: Call) -> Tensor:
    mode = c.attributes.text("mode", "DCR")
    if mode not in ("DCR", "CRD"):
        raise DataError(f"corrupt: {c.node.where} has mode {mode[:20]!r}")
    return _blocks(t, c, "depth_to_space", mode=mode.lower())


def space_to_depth(t: Translator, c: Call) -> Tensor:
    if c.attributes.text("mode", "DCR") != "DCR":
        raise UnsupportedError("orders channels by mode CRD", "mode DCR")
    return _blocks(t, c, "space_to_depth")


def _blocks(t: Translator, c: Call, op: str, **attrs: Any) -> Tensor:
    x = t.tensor(c.operand(0))
    if x.rank != 4:
        raise DataError(f"corrupt: {c.node.where} reads {x.shape}, must be (N, C, H, W)")
    x = t.ordered(x, layout.channels_last(4))
    block = c.attributes.integer("blocksize", 0)
    value = t.node(op, [x.value], c.name, block=block, **attrs)
    n, h, w, channels = t.value(value).shape
    return replace(x, value=value, shape=(n, channels, h, w))


CONVERTERS: dict[str, Any] = {
    "Concat": concat,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Gather": gather,
    "GatherND": gather_nd,
    "Pad": pad,
    "Slice": slice_,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Tile": tile,
}
INTEGERS: dict[str, Any] = {
    **CONVERTERS,
    "Concat": concat_of_integers,
    "Pad": pad_of_integers,
}
