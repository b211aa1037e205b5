# SPDX-License-Identifier: Apache-2.0
"""2-D convolution, NHWC, weights OHWI, with bias and fused activation.

Float:  y[n, h, w, o] = clamp(sum x[n, h*s+i*d-pad, w*s+j*d-pad, c] * w[o, i, j, c] + b[o])
int8:   the sum runs over (x - zp_in) in int32, then requantize per channel, + zp_out, clamp;
        padding contributes 0 (TensorFlow Lite Micro: reference/integer_ops/conv.h)
Inputs: x (N, H, W, C), weights (O, kH, kW, C), bias (O) optional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _spatial as spatial
from iseul.numerics.affine import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True


class Attrs(Config):
    stride: tuple[int, int] = Field(default=(1, 1), description="rows, columns; >= 1")
    dilation: tuple[int, int] = Field(default=(1, 1), description="rows, columns; >= 1")
    pads: tuple[int, int, int, int] = Field(
        default=(0, 0, 0, 0), description="top, bottom, left, right; >= 0"
    )
    activation: Activation = Field(default="none", description="clamp fused into the output")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Output shape (N, H_out, W_out, O). Raises ShapeError."""
    x, w = inputs[0].shape, inputs[1].shape
    if len(w) != 4 or len(x) != 4 or x[3] != w[3]:
        raise ShapeError(f"input {x} and weights {w} do not fit: must be (N,H,W,C) and (O,kH,kW,C)")
    if len(inputs) > 2 and inputs[2].shape != (w[0],):
        raise ShapeError(f"bias has shape {inputs[2].shape}, must be ({w[0]},)")
    h, width = spatial.output_shape(x, (w[1], w[2]), attrs.stride, attrs.dilation, attrs.pads)
    return ((x[0], h, width, w[0]),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        y = _accumulate(attrs, inputs[0], inputs[1], 0.0)
        y = y + inputs[2] if len(inputs) > 2 else y
        return [quantized.clamp_real(y, attrs.activation).astype(np.float32)]
    # float64 sums of products of integers are exact below 2^53
    x = inputs[0].astype(np.float64) - quantized.zero_point(io.inputs[0])
    total = _accumulate(attrs, x, inputs[1].astype(np.float64), 0.0).astype(np.int64)
    if len(inputs) > 2:
        total = total + inputs[2]
    return [quantized.finish(total, io, attrs.activation)]


def _accumulate(attrs: Attrs, x: Array, w: Array, pad_value: float) -> Array:
    kernel = (w.shape[1], w.shape[2])
    out = spatial.output_shape(x.shape, kernel, attrs.stride, attrs.dilation, attrs.pads)
    x = spatial.padded(x, attrs.pads, pad_value)
    total = np.zeros((x.shape[0], *out, w.shape[0]), x.dtype)
    for i, j, view in spatial.taps(x, kernel, attrs.stride, attrs.dilation, out):
        total += view @ w[:, i, j, :].T
    return total


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch
    import torch.nn.functional as f

    is_float = io.outputs[0].is_float
    x, w = inputs[0], inputs[1]
    if not is_float:
        x, w = x.double() - quantized.zero_point(io.inputs[0]), w.double()
    x = f.pad(x.permute(0, 3, 1, 2), (attrs.pads[2], attrs.pads[3], attrs.pads[0], attrs.pads[1]))
    bias = inputs[2] if is_float and len(inputs) > 2 else None
    y = f.conv2d(x, w.permute(0, 3, 1, 2), bias, attrs.stride, 0, attrs.dilation)
    y = y.permute(0, 2, 3, 1)
    if is_float:
        return [quantized.clamp_torch(y, attrs.activation)]
    total = y.round().to(torch.int64) + (inputs[2] if len(inputs) > 2 else 0)
    return [quantized.finish_torch(total, io, attrs.activation)]


def macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates, taps on padding counted."""
    return io.outputs[0].n_elements * int(np.prod(io.inputs[1].shape[1:]))


constraints = (
    quantized.kinds_float_or_int8,
    quantized.quantized_per_tensor,
    quantized.weights_are_constant,
    quantized.weights_symmetric_int8,
    quantized.bias_fits,
)
