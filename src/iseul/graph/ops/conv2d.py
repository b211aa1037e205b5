# SPDX-License-Identifier: Apache-2.0
"""2-D convolution, NHWC, weights OHWI, with groups, bias and fused activation.

Float:  y[n, h, w, o] = clamp(sum x[n, h*s+i*d-pad, w*s+j*d-pad, g*I+c] * w[o, i, j, c] + b[o]),
        g = o / (O/G) the group of the output channel, G = C/I groups
int8:   the sum runs over (x - zp_in) in int32, then requantize per channel, + zp_out, clamp;
        padding contributes 0 (TensorFlow Lite Micro: reference/integer_ops/conv.h)
int16:  as int8 without zero points; sums of 32 or 64 bits, see `_quantized.py`
Inputs: x (N, H, W, C), weights (O, kH, kW, I) with C a multiple of I, bias (O) optional.
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
macs = convolution.window_macs

# Elements of patches that are gathered at a time: 16 MB of float32, so that they stay in cache
_PATCH_ELEMENTS = 1 << 22


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Output shape (N, H_out, W_out, O). Raises ShapeError."""
    expect_inputs(inputs, 2, 3)
    x, w = inputs[0].shape, inputs[1].shape
    if len(w) != 4 or len(x) != 4 or convolution.groups(x, w) == 0:
        raise ShapeError(
            f"input {x} and weights {w} do not fit: must be (N,H,W,C) and (O,kH,kW,C/groups), "
            "O a multiple of groups"
        )
    return (convolution.output(attrs, inputs, w[0]),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [hybrid.run(attrs, inputs[0], inputs, io, 0, partial(_sums, attrs))]


def _sums(attrs: Attrs, x: Array, w: Array) -> Array:
    """Sums of products (N, H_out, W_out, O)."""
    groups = convolution.groups(x.shape, w.shape)
    parts = [
        _accumulate(attrs, *part)
        for part in zip(np.split(x, groups, axis=3), np.split(w, groups), strict=True)
    ]
    return np.concatenate(parts, axis=3) if groups > 1 else parts[0]


def _accumulate(attrs: Attrs, x: Array, w: Array) -> Array:
    """The sums of one group, as matrix products over blocks of samples."""
    x = spatial.padded(x, attrs.pads, 0.0)
    windows = spatial.patches(x, (w.shape[1], w.shape[2]), attrs.stride, attrs.dilation)
    matrix = w.reshape(w.shape[0], -1).T  # (kH kW C, O)
    n, out = windows.shape[0], windows.shape[1:3]
    total = np.empty((n, *out, w.shape[0]), x.dtype)
    block = max(1, _PATCH_ELEMENTS // int(np.prod(windows.shape[1:])))
    for start in range(0, n, block):
        rows = windows[start : start + block].reshape(-1, matrix.shape[0])
        total[start : start + block] = (rows @ matrix).reshape(-1, *out, w.shape[0])
    return total


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [hybrid.run_torch(attrs, inputs[0], inputs, io, partial(_sums_torch, attrs))]


def _sums_torch(attrs: Attrs, x: Any, w: Any) -> Any:
    import torch.nn.functional as f

    # views: NHWC and OHWI are torch's channels_last
    x, w = x.permute(0, 3, 1, 2), w.permute(0, 3, 1, 2)
    padding = (0, 0)
    if convolution.symmetric(attrs.pads):
        padding = (attrs.pads[0], attrs.pads[2])
    else:
        x = spatial.padded_torch(x, attrs.pads, 0.0)
    groups = x.shape[1] // w.shape[1]
    y = f.conv2d(x, w, None, attrs.stride, padding, attrs.dilation, groups)
    return y.permute(0, 2, 3, 1)


constraints = (*quantized.weighted_rules(0), hybrid.dynamic_for_integer_weights)
