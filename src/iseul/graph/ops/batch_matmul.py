# SPDX-License-Identifier: Apache-2.0
"""Products of matrices, for each of a batch; the leading axes broadcast.

Float:  y[..., i, j] = clamp(sum a[..., i, k] * b[..., k, j])
int8:   the sum runs over (a - zp_a) (b - zp_b) in int32, then requantize by s_a s_b / s_y, the
        product in float32, + zp_y, clamp (TensorFlow Lite Micro: reference/batch_matmul.h)
int16:  as int8 without zero points; sums have 64 bits, multipliers 16 (`requantize_wide`)
Inputs: a (..., I, K), or (..., K, I) with adj_x; b (..., K, J), or (..., J, K) with adj_y.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.affine import Activation, activation_range
from iseul.numerics.requantize import (
    WIDE_LIMIT,
    WIDE_SHIFT,
    quantize_multiplier,
    requantize,
    requantize_wide,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    adj_x: bool = Field(default=False, description="the first operand's last two axes are swapped")
    adj_y: bool = Field(default=False, description="the second operand's last two axes are swapped")
    activation: Activation = Field(default="none", description="clamp fused into the output")


def _matrices(attrs: Attrs, a: Shape, b: Shape) -> tuple[Shape, Shape]:
    """((I, K), (K, J))."""
    left = (a[-1], a[-2]) if attrs.adj_x else (a[-2], a[-1])
    return left, (b[-1], b[-2]) if attrs.adj_y else (b[-2], b[-1])


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The broadcast leading axes, then (I, J). Raises ShapeError."""
    expect_inputs(inputs, 2)
    a, b = inputs[0].shape, inputs[1].shape
    if min(len(a), len(b)) < 2 or min(*a, *b) < 1:
        raise ShapeError(f"{a} and {b} must be matrices or batches of them, no axis empty")
    (rows, depth), (again, columns) = _matrices(attrs, a, b)
    if depth != again:
        raise ShapeError(f"{a} and {b} do not fit: sums run over {depth} and over {again}")
    try:
        leading = np.broadcast_shapes(a[:-2], b[:-2])
    except ValueError:
        raise ShapeError(f"leading axes of {a} and {b} do not broadcast") from None
    return ((*leading, rows, columns),)


def is_batched(attrs: Attrs, io: Io) -> bool:
    """Whether axis 0 is a leading one of every operand that is computed, or the rows of a matrix
    before a constant one.
    """
    a, b = io.inputs
    rank = len(io.outputs[0].shape)
    if rank == 2:
        return not attrs.adj_x and not a.is_constant and b.is_constant
    return all(value.is_constant or len(value.shape) == rank for value in io.inputs)


BATCHED = is_batched


def multiplier(io: Io) -> tuple[int, int]:
    """(multiplier, shift) of s_a s_b / s_y; the product is a float32 one."""
    s_a, s_b, s_y = (quantized.quant_of(v).scale[0] for v in (*io.inputs, io.outputs[0]))
    product = np.float32(s_a) * np.float32(s_b)
    return quantize_multiplier(float(np.float64(product) / np.float64(s_y)))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    a, b = inputs
    a = np.swapaxes(a, -1, -2) if attrs.adj_x else a
    b = np.swapaxes(b, -1, -2) if attrs.adj_y else b
    if io.outputs[0].is_float:
        return [quantized.clamp_real(a @ b, attrs.activation).astype(np.float32, copy=False)]
    # float64 holds every sum exactly: BLAS has float kernels only
    a, b = (x.astype(np.float64) - zero for x, zero in zip((a, b), _zeros(io), strict=True))
    return [_finish(attrs, (a @ b).astype(np.int64), io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    a, b = inputs
    a = a.transpose(-1, -2) if attrs.adj_x else a
    b = b.transpose(-1, -2) if attrs.adj_y else b
    if io.outputs[0].is_float:
        return [quantized.clamp_torch(a @ b, attrs.activation)]
    a, b = (x.double() - zero for x, zero in zip((a, b), _zeros(io), strict=True))
    return [_finish(attrs, (a @ b).long(), io)]


def _zeros(io: Io) -> list[int]:
    return [quantized.zero_point(value) for value in io.inputs]


def _finish(attrs: Attrs, total: Any, io: Io) -> Any:
    """Sums to the output; int64 arrays or tensors."""
    way = requantize_wide if io.dtype == "int16" else requantize
    q = way(total, *multiplier(io)) + quantized.zero_point(io.outputs[0])
    return q.clip(*activation_range(attrs.activation, quantized.quant_of(io.outputs[0]), io.dtype))


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates."""
    return io.outputs[0].n_elements * _matrices(attrs, *(v.shape for v in io.inputs))[0][1]


def one_kind(attrs: Attrs, io: Io) -> str | None:
    """operands and output are all float32, all int8 or all int16"""
    values = (*io.inputs, *io.outputs)
    if len({v.dtype for v in values}) == 1 and values[0].dtype in ("float32", "int8", "int16"):
        return None
    return ", ".join(f'"{v.name}" is {v.dtype}' for v in values)


def one_scale(attrs: Attrs, io: Io) -> str | None:
    """integers have one scale, constants too; zero points of int16 are 0"""
    for value in (*io.inputs, *io.outputs):
        if value.is_float:
            continue
        if value.quant is None or len(value.quant.scale) != 1:
            return f'"{value.name}" has not exactly one scale'
        if value.dtype == "int16" and value.quant.zero_point[0]:
            return f'"{value.name}" has zero point {value.quant.zero_point[0]}'
    return None


def sums_fit(attrs: Attrs, io: Io) -> str | None:
    """sums of int8 fit into 32 bits, also shifted; of int16 into 47, shifted left by at most 7"""
    if io.outputs[0].is_float or any(v.quant is None for v in (*io.inputs, *io.outputs)):
        return None
    depth = _matrices(attrs, *(v.shape for v in io.inputs))[0][1]
    bound = float(quantized.reach(io.inputs[0])) * quantized.reach(io.inputs[1]) * depth
    _, shift = multiplier(io)
    if io.dtype == "int16":
        fits = bound < WIDE_LIMIT and shift <= WIDE_SHIFT
    else:
        fits = bound * 2.0 ** max(0, shift) < 2**31
    return None if fits else f"{depth} products reach {bound:,.0f}, shifted by {shift}"


constraints = (one_kind, one_scale, sums_fit)
