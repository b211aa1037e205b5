# SPDX-License-Identifier: Apache-2.0
"""Depthwise 2-D convolution, NHWC, weights 1HWO: each input channel has its own kernels.

Float:  y[n, h, w, c*m + k] = clamp(sum x[n, h*s+i*d-pad, w*s+j*d-pad, c] * w[0, i, j, c*m + k]
        + b[c*m + k]), m = C_out / C_in the depth multiplier
int8:   as conv2d (TensorFlow Lite Micro: reference/integer_ops/depthwise_conv.h)
Inputs: x (N, H, W, C_in), weights (1, kH, kW, C_out), bias (C_out) optional.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import ShapeError
from iseul.graph.ops import _convolution as convolution
from iseul.graph.ops import _hybrid as hybrid
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _spatial as spatial
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
Attrs = convolution.Attrs


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Output shape (N, H_out, W_out, C_out). Raises ShapeError."""
    expect_inputs(inputs, 2, 3)
    x, w = inputs[0].shape, inputs[1].shape
    if len(w) != 4 or len(x) != 4 or w[0] != 1 or x[3] < 1 or w[3] % x[3]:
        raise ShapeError(
            f"input {x} and weights {w} do not fit: must be (N,H,W,C) and (1,kH,kW,C*multiplier)"
        )
    return (convolution.output(attrs, inputs, w[3]),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [hybrid.run(attrs, inputs[0], inputs, io, 3, partial(_sums, attrs, io))]


def _sums(attrs: Attrs, io: Io, x: Array, w: Array) -> Array:
    """Sums of products (N, H_out, W_out, C_out)."""
    x = spatial.padded(x, attrs.pads, 0.0)
    multiplier = w.shape[3] // x.shape[3]
    x = np.repeat(x, multiplier, axis=3) if multiplier > 1 else x
    kernel, out = (w.shape[1], w.shape[2]), (io.outputs[0].shape[1], io.outputs[0].shape[2])
    total = np.zeros((x.shape[0], *out, w.shape[3]), x.dtype)
    product = np.empty_like(total)
    for i, j, view in spatial.taps(x, kernel, attrs.stride, attrs.dilation, out):
        total += np.multiply(view, w[0, i, j], out=product)
    return total


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [hybrid.run_torch(attrs, inputs[0], inputs, io, partial(_sums_torch, attrs))]


def _sums_torch(attrs: Attrs, x: Any, w: Any) -> Any:
    import torch.nn.functional as f

    x, w = x.permute(0, 3, 1, 2), w.permute(3, 0, 1, 2)  # w: (C_out, 1, kH, kW)
    padding = (0, 0)
    if convolution.symmetric(attrs.pads):
        padding = (attrs.pads[0], attrs.pads[2])
    else:
        x = spatial.padded_torch(x, attrs.pads, 0.0)
    y = f.conv2d(x, w, None, attrs.stride, padding, attrs.dilation, groups=x.shape[1])
    return y.permute(0, 2, 3, 1)


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates, taps on padding counted."""
    return io.outputs[0].n_elements * io.inputs[1].shape[1] * io.inputs[1].shape[2]


constraints = (*quantized.weighted_rules(3), hybrid.dynamic_for_integer_weights)
