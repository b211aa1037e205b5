# SPDX-License-Identifier: Apache-2.0
"""Gemm and MatMul: with constant weights fully connected, else a batched matrix product."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx._layout import Const, Tensor
from iseul.graph.read._onnx._weights import (
    Weights,
    integer_bias,
    integer_weights,
    real_weights,
    weighted,
)

if TYPE_CHECKING:
    from iseul.graph.ir import Shape
    from iseul.graph.read._onnx._translate import Call, Operand, Translator


# --- Gemm


def gemm(t: Translator, c: Call) -> Tensor:
    x, w = c.operand(0), c.operand(1)
    if not isinstance(w, Const) or isinstance(x, Const):
        return _gemm_of_computed(t, c)
    axis = 0 if c.attributes.integer("transB", 0) else 1
    whole = c.attributes.real("alpha", 1.0) == 1.0
    return _gemm(t, c, x, real_weights(c, 1, axis if whole else None))


def gemm_of_integers(t: Translator, c: Call) -> Tensor | None:
    w = integer_weights(t, c, 1, axis=0 if c.attributes.integer("transB", 0) else 1)
    x = c.operand(0)
    if w is None or not isinstance(x, Tensor) or (c.has(2) and not _is_row(c, 2)):
        return None
    if c.attributes.real("alpha", 1.0) != 1.0 or c.attributes.real("beta", 1.0) != 1.0:
        return None
    return _gemm(t, c, x, w)


def _gemm(t: Translator, c: Call, x: Tensor, w: Weights) -> Tensor:
    """x (M, K) times constant weights, plus a bias row if there is one."""
    alpha, beta = c.attributes.real("alpha", 1.0), c.attributes.real("beta", 1.0)
    data = w.data if c.attributes.integer("transB", 0) else w.data.T  # (N, K)
    if w.is_real and alpha != 1.0:
        data = data * np.float32(alpha)
    if c.attributes.integer("transA", 0):
        x = layout.transposed(t.whole(x), (1, 0))
    if data.ndim != 2 or x.rank != 2 or x.shape[1] != data.shape[1]:
        raise DataError(f"corrupt: {c.node.where} multiplies {x.shape} with {w.data.shape}")
    n = data.shape[0]
    bias = None
    if c.has(2) and _is_row(c, 2) and beta != 0.0:
        row = c.constant(2, "the bias")
        if row.data.size not in (1, n):
            raise DataError(f"corrupt: {c.node.where} adds {row.shape} to {n} columns")
        bias = _row(t, row, w, x, n, beta)
    value = _fully_connected(t, c, x, replace(w, data=data), bias, c.name)
    y = Tensor(value, (x.shape[0], n), (0, 1), x.role)
    if c.has(2) and bias is None and beta != 0.0:
        return _plus(t, c, y, c.operand(2), beta)
    return y


def _row(t: Translator, row: Const, w: Weights, x: Tensor, n: int, beta: float) -> Weights:
    """A bias of one value per column."""
    if w.is_real:
        data = np.broadcast_to(row.data.reshape(-1) * np.float32(beta), (n,))
        return Weights(row.name, data)
    scaled = row.scaled
    if scaled is not None:
        scaled = replace(scaled, data=np.broadcast_to(scaled.data.reshape(-1), (n,)))
    wide = replace(row, data=np.broadcast_to(row.data.reshape(-1), (n,)), scaled=scaled)
    return integer_bias(t, wide, w, x)


def _is_row(c: Call, i: int) -> bool:
    """Whether an input is a constant that adds the same row everywhere."""
    x = c.inputs[i] if i < len(c.inputs) else None
    return isinstance(x, Const) and prod(x.shape[:-1]) == 1


def _plus(t: Translator, c: Call, y: Tensor, other: Operand, factor: float) -> Tensor:
    """y + factor * other, broadcast."""
    if factor != 1.0:
        if isinstance(other, Const):
            other = replace(other, data=other.data * np.float32(factor))
        else:
            scale = t.constant(np.full((1,) * other.rank, factor, np.float32), f"{c.name}.beta")
            z = t.whole(other)
            other = replace(z, value=t.node("mul", [z.value, scale], f"{c.name}.scaled"))
    shape = np.broadcast_shapes(y.shape, other.shape)
    order, (a, b) = t.aligned([y, other], len(shape))
    values = [x.value if isinstance(x, Tensor) else t.constant(x.data, x.name) for x in (a, b)]
    value = t.node("add", values, f"{c.name}.add")
    return Tensor(value, tuple(shape), order)


def _gemm_of_computed(t: Translator, c: Call) -> Tensor:
    a, b = t.tensor(c.operand(0)), t.tensor(c.operand(1))
    if c.attributes.integer("transA", 0):
        a = layout.transposed(t.whole(a), (1, 0))
    if c.attributes.integer("transB", 0):
        b = layout.transposed(t.whole(b), (1, 0))
    y = _product(t, c, a, b)
    alpha, beta = c.attributes.real("alpha", 1.0), c.attributes.real("beta", 1.0)
    if alpha != 1.0:
        scale = t.constant(np.full((1, 1), alpha, np.float32), f"{c.name}.alpha")
        y = replace(y, value=t.node("mul", [y.value, scale], f"{c.name}.scaled"))
    return _plus(t, c, y, c.operand(2), beta) if c.has(2) and beta != 0.0 else y


# --- MatMul


def matmul(t: Translator, c: Call) -> Tensor:
    a, b = c.operand(0), c.operand(1)
    if isinstance(a, Tensor) and isinstance(b, Const) and b.rank in (1, 2):
        return _times_constant(t, c, a, real_weights(c, 1, axis=1 if b.rank == 2 else None))
    if isinstance(b, Tensor) and isinstance(a, Const) and a.rank == 2 and b.rank >= 2:
        return _constant_times(t, c, a, b)
    return _product(t, c, t.tensor(a), t.tensor(b))


def matmul_of_integers(t: Translator, c: Call) -> Tensor | None:
    x, b = c.operand(0), c.operand(1)
    w = integer_weights(t, c, 1, axis=1)
    if w is None or not isinstance(x, Tensor) or b.rank != 2:
        return None
    return _times_constant(t, c, x, w)


def _times_constant(t: Translator, c: Call, x: Tensor, w: Weights) -> Tensor:
    """(..., K) @ (K, N)."""
    data = w.data.reshape(w.data.shape[0], -1).T  # (N, K)
    if x.rank == 0 or x.shape[-1] != data.shape[1]:
        raise DataError(f"corrupt: {c.node.where} multiplies {x.shape} with {w.data.shape}")
    shape = (*x.shape[:-1], data.shape[0])
    if x.rank == 1:
        x = t.reshaped(x, (1, *x.shape))
    value = _fully_connected(t, c, x, replace(w, data=data), None, c.name)
    order = layout.identity(x.rank) if x.rank <= 2 else _rows_order(t, x)
    y = Tensor(value, (*x.shape[:-1], data.shape[0]), order, x.role)
    return t.reshaped(y, shape if w.data.ndim == 2 else shape[:-1])


def _constant_times(t: Translator, c: Call, a: Const, b: Tensor) -> Tensor:
    """(M, K) @ (..., K, N), as the transpose of (..., N, K) @ (K, M)."""
    turn = (*range(b.rank - 2), b.rank - 1, b.rank - 2)
    x = layout.transposed(t.whole(b), turn)
    if x.shape[-1] != a.shape[1]:
        raise DataError(f"corrupt: {c.node.where} multiplies {a.shape} with {b.shape}")
    value = _fully_connected(t, c, x, Weights(a.name, a.data), None, c.name)
    order = layout.identity(x.rank) if x.rank <= 2 else _rows_order(t, x)
    return layout.transposed(Tensor(value, (*x.shape[:-1], a.shape[0]), order), turn)


def _rows_order(t: Translator, x: Tensor) -> layout.Layout:
    return layout.with_last(t.whole(x).layout, x.rank - 1)


def _fully_connected(
    t: Translator, c: Call, x: Tensor, w: Weights, bias: Weights | None, name: str
) -> str:
    """x (..., K) by weights (N, K) on the last axis.

    A flattened (1, C, H, W) that stands as NHWC is left as it is: the weights' columns move.
    """
    data, n = w.data, w.data.shape[0]
    if x.rank == 2 and x.base is not None and _keeps_rows(x):
        inner = replace(x.base, shape=x.base.shape[1:], layout=_without_first(x.base.layout))
        data = data[:, layout.elements(inner)]
        value, keep = x.value, False
        if t.value(value).shape[0] != x.shape[0]:
            value = t.reshape_value(value, x.shape)
    else:
        rows = t.whole(x)
        value = t.stored(rows, layout.with_last(rows.layout, x.rank - 1))
        keep = x.rank > 2
    w = replace(w, data=np.ascontiguousarray(data)).along(0)
    made = weighted(t, c, "fully_connected", value, w, bias, keep_dims=keep)
    return t.reshape_value(made, (x.shape[0], n)) if x.rank == 2 else made


def _keeps_rows(x: Tensor) -> bool:
    """Whether x (M, K) has the base's first axis as its rows."""
    base = x.base
    return base is not None and base.layout[:1] == (0,) and base.shape[0] == x.shape[0]


def _without_first(order: layout.Layout) -> layout.Layout:
    return tuple(axis - 1 for axis in order[1:])


# --- two computed operands


def _product(t: Translator, c: Call, a: Tensor, b: Tensor) -> Tensor:
    """(..., M, K) @ (..., K, N) by batch_matmul; its transposes are free."""
    rank = max(a.rank, b.rank, 2)
    drop = (a.rank == 1, b.rank == 1)
    a = t.reshaped(a, (1, *a.shape)) if drop[0] else a
    b = t.reshaped(b, (*b.shape, 1)) if drop[1] else b
    a, b = (t.reshaped(x, (1,) * (rank - x.rank) + x.shape) for x in (a, b))
    if a.shape[-1] != b.shape[-2]:
        raise DataError(f"corrupt: {c.node.where} multiplies {a.shape} with {b.shape}")
    left, turn_a = _matrix(t, a)
    right, turn_b = _matrix(t, b)
    value = t.node("batch_matmul", [left, right], c.name, adj_x=turn_a, adj_y=turn_b)
    shape: Shape = t.value(value).shape
    y = Tensor(value, shape, layout.identity(rank))
    kept = tuple(
        size
        for axis, size in enumerate(shape)
        if not (drop[0] and axis == rank - 2) and not (drop[1] and axis == rank - 1)
    )
    return t.reshaped(y, kept) if kept != shape else y


def _matrix(t: Translator, x: Tensor) -> tuple[str, bool]:
    """(value, whether its last two axes stand the other way round)."""
    x = t.whole(x)
    straight = layout.identity(x.rank)
    turned = (*straight[:-2], straight[-1], straight[-2])
    if x.layout == turned and x.layout != straight and min(x.shape[-2:]) > 1:
        return x.value, True
    return t.stored(x, straight), False


CONVERTERS: dict[str, Any] = {"Gemm": gemm, "MatMul": matmul}
INTEGERS: dict[str, Any] = {"Gemm": gemm_of_integers, "MatMul": matmul_of_integers}
