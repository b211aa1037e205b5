# SPDX-License-Identifier: Apache-2.0
"""Average over windows, NHWC; taps on padding are not counted. Global: a full-size kernel.

int8:   sum of q over the taps inside, divided by their number, rounded half away from zero,
        clamped (TensorFlow Lite Micro: reference/integer_ops/pooling.h)
Inputs: x (N, H, W, C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pooling as pooling
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _spatial as spatial

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pooling.Attrs
infer = pooling.infer
constraints = pooling.constraints


def counts(attrs: Attrs, io: Io) -> Array:
    """Taps inside the input per position: (H_out, W_out, 1) int64."""
    inside = np.ones((1, *io.inputs[0].shape[1:3], 1), np.int64)
    return _sums(attrs, inside, io)[0]


def _sums(attrs: Attrs, x: Array, io: Io) -> Array:
    out = pooling.positions(io)
    x = spatial.padded(x, attrs.pads, 0)
    total = np.zeros((x.shape[0], *out, x.shape[3]), x.dtype)
    for _, _, view in spatial.taps(x, attrs.kernel_size, attrs.stride, (1, 1), out):
        total += view
    return total


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    n = counts(attrs, io)
    if io.outputs[0].is_float:
        mean = _sums(attrs, inputs[0], io) / n.astype(np.float32)
        return [quantized.clamp_real(mean, attrs.activation)]
    total = _sums(attrs, inputs[0].astype(np.int64), io)
    return [_divide(total, n, io, attrs).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch
    import torch.nn.functional as f

    is_float = io.outputs[0].is_float
    x = inputs[0] if is_float else inputs[0].double()
    x = spatial.padded_torch(x.permute(0, 3, 1, 2), attrs.pads, 0.0)
    total = f.avg_pool2d(x, attrs.kernel_size, attrs.stride, divisor_override=1)
    total, n = total.permute(0, 2, 3, 1), torch.tensor(counts(attrs, io), device=x.device)
    if is_float:
        return [quantized.clamp_torch(total / n, attrs.activation)]
    return [_divide(total.round().to(torch.int64), n, io, attrs)]


def _divide(total: Any, n: Any, io: Io, attrs: Attrs) -> Any:
    """total / n rounded half away from zero and clamped; int64 arrays or tensors."""
    magnitude = (abs(total) + n // 2) // n
    q = magnitude * ((total > 0) * 2 - 1)
    return quantized.clamp_integers(q, io, attrs.activation)
