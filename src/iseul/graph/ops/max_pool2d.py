# SPDX-License-Identifier: Apache-2.0
"""Maximum over windows, NHWC; padding never wins.

int8, int16: maximum of q, clamped (TensorFlow Lite Micro: reference/integer_ops/pooling.h)
Inputs: x (N, H, W, C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pooling as pooling
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _spatial as spatial
from iseul.numerics.affine import INTEGER_RANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pooling.Attrs
infer = pooling.infer
constraints = pooling.constraints


def _lowest(io: Io) -> float:
    """What padding holds, so that it never wins."""
    return -np.inf if io.outputs[0].is_float else INTEGER_RANGE[io.dtype][0]


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    out = pooling.positions(io)
    x = spatial.padded(inputs[0], attrs.pads, _lowest(io))
    best = np.full((x.shape[0], *out, x.shape[3]), _lowest(io), x.dtype)
    for _, _, view in spatial.taps(x, attrs.kernel_size, attrs.stride, (1, 1), out):
        np.maximum(best, view, out=best)
    if io.outputs[0].is_float:
        return [quantized.clamp_real(best, attrs.activation)]
    return [quantized.clamp_integers(best.astype(np.int64), io, attrs.activation).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch
    import torch.nn.functional as f

    is_float = io.outputs[0].is_float
    x = inputs[0] if is_float else inputs[0].double()
    x = spatial.padded_torch(x.permute(0, 3, 1, 2), attrs.pads, _lowest(io))
    best = f.max_pool2d(x, attrs.kernel_size, attrs.stride).permute(0, 2, 3, 1)
    if is_float:
        return [quantized.clamp_torch(best, attrs.activation)]
    return [quantized.clamp_integers(best.to(torch.int64), io, attrs.activation)]
