# SPDX-License-Identifier: Apache-2.0
"""Transposed 2-D convolution, NHWC, weights OHWI, with groups, bias and fused activation.

Each input is spread over a window of the output; a position outside of the output is dropped:

Float:  y[n, h, w, o] = clamp(sum x[n, p, q, g*I+c] * w[o, i, j, c] + b[o])
        over all p, q, i, j with h = p*s + i*d - top and w = q*s + j*d - left
int8:   the sum runs over (x - zp_in) in int32, then requantize per channel, + zp_out, clamp
        (TensorFlow Lite Micro: reference/integer_ops/transpose_conv.h)
int16:  as int8 without zero points; sums of 32 or 64 bits, see `_quantized.py`
Inputs: x (N, H, W, C), weights (O, kH, kW, I) with C a multiple of I, bias (O) optional.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _convolution as convolution
from iseul.graph.ops import _hybrid as hybrid
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import Pad, Size, expect_inputs
from iseul.numerics.affine import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    size: tuple[Size, Size] = Field(default=(1, 1), description="rows, columns of the output; >= 1")
    stride: tuple[Size, Size] = Field(default=(1, 1), description="rows, columns; >= 1")
    dilation: tuple[Size, Size] = Field(default=(1, 1), description="rows, columns; >= 1")
    cut: tuple[Pad, Pad] = Field(
        default=(0, 0), description="rows cut off at the top, columns at the left; >= 0"
    )
    activation: Activation = Field(default="none", description="clamp fused into the output")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Output shape (N, *size, O). Raises ShapeError."""
    expect_inputs(inputs, 2, 3)
    x, w = inputs[0].shape, inputs[1].shape
    if len(w) != 4 or len(x) != 4 or min(*x, *w) < 1 or convolution.groups(x, w) == 0:
        raise ShapeError(
            f"input {x} and weights {w} do not fit: must be (N,H,W,C) and (O,kH,kW,C/groups), "
            "O a multiple of groups, no empty axis"
        )
    if len(inputs) > 2 and inputs[2].shape != (w[0],):
        raise ShapeError(f"bias has shape {inputs[2].shape}, must be ({w[0]},)")
    return ((x[0], *attrs.size, w[0]),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [hybrid.run(attrs, inputs[0], inputs, io, 0, partial(_sums, attrs))]


def _sums(attrs: Attrs, x: Array, w: Array) -> Array:
    """Sums of products (N, *size, O)."""
    n, groups = w.shape[0], convolution.groups(x.shape, w.shape)
    total = np.zeros((x.shape[0], *attrs.size, n), x.dtype)
    pairs = zip(np.split(x, groups, axis=3), np.split(w, groups), strict=True)
    for i, (part, weights) in enumerate(pairs):
        _spread(attrs, part, weights, total[..., i * n // groups : (i + 1) * n // groups])
    return total


def _spread(attrs: Attrs, x: Array, w: Array, total: Array) -> None:
    """Add the products of one group to its channels of the output, tap by tap."""
    for i in range(w.shape[1]):
        rows, to_rows = _reached(attrs, 0, i, x.shape[1])
        for j in range(w.shape[2]):
            columns, to_columns = _reached(attrs, 1, j, x.shape[2])
            total[:, to_rows, to_columns] += x[:, rows, columns] @ w[:, i, j].T


def _reached(attrs: Attrs, axis: int, tap: int, size: int) -> tuple[slice, slice]:
    """Positions of the input that a tap carries into the output, and where it carries them."""
    stride, shift = attrs.stride[axis], tap * attrs.dilation[axis] - attrs.cut[axis]
    first = max(0, -(shift // stride))
    last = min(size - 1, (attrs.size[axis] - 1 - shift) // stride)
    if last < first:
        return slice(0), slice(0)
    return slice(first, last + 1), slice(first * stride + shift, last * stride + shift + 1, stride)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [hybrid.run_torch(attrs, inputs[0], inputs, io, partial(_sums_torch, attrs))]


def _sums_torch(attrs: Attrs, x: Any, w: Any) -> Any:
    import torch.nn.functional as f

    groups = x.shape[3] // w.shape[3]
    # torch wants (C, O / groups, kH, kW)
    n, *kernel, depth = w.shape
    w = w.reshape(groups, n // groups, *kernel, depth).permute(0, 4, 1, 2, 3)
    w = w.reshape(groups * depth, n // groups, *kernel)
    y = f.conv_transpose2d(
        x.permute(0, 3, 1, 2), w, None, attrs.stride, groups=groups, dilation=attrs.dilation
    )
    (top, left), (rows, columns) = attrs.cut, attrs.size
    y = y[:, :, top : top + rows, left : left + columns]
    return f.pad(y, (0, columns - y.shape[3], 0, rows - y.shape[2])).permute(0, 2, 3, 1)


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates of every tap of every input, those that are dropped counted."""
    x, w = io.inputs[0], io.inputs[1]
    return x.n_elements // x.shape[3] * int(np.prod(w.shape))


constraints = quantized.weighted_rules(0)
