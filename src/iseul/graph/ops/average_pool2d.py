# SPDX-License-Identifier: Apache-2.0
"""Average over windows, NHWC. Global: a full-size kernel.

Taps on padding are not counted, or with `count_include_pad` counted as real 0.
int8, int16: sum of q over the taps that count (the zero point on padding), divided by their
             number, rounded half away from zero, clamped
             (TensorFlow Lite Micro: reference/integer_ops/pooling.h, which counts no padding);
             with an `offset`, of q + offset, and less offset after: so the uint8 kernels round
Inputs: x (N, H, W, C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _pooling as pooling
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _spatial as spatial
from iseul.graph.ops._shape import REQUANTIZATION
from iseul.numerics.affine import INTEGER_RANGE
from iseul.numerics.float_requantize import Requantization  # noqa: TC001  read by pydantic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
infer = pooling.infer


class Attrs(pooling.Attrs):
    requantization: Requantization = REQUANTIZATION
    offset: int = float_requantized.OFFSET
    count_include_pad: bool = Field(default=False, description="taps on padding count, as real 0")


def counts(attrs: Attrs, io: Io) -> Array:
    """Taps that count per position: (H_out, W_out, 1) int64."""
    inside = np.ones((1, *io.inputs[0].shape[1:3], 1), np.int64)
    return _sums(attrs, inside, io, 1 if attrs.count_include_pad else 0)[0]


def padding(attrs: Attrs, io: Io) -> int:
    """What a tap on padding adds to the sum."""
    return quantized.zero_point(io.inputs[0]) if attrs.count_include_pad else 0


def _sums(attrs: Attrs, x: Array, io: Io, border: int) -> Array:
    out = pooling.positions(io)
    x = spatial.padded(x, attrs.pads, border)
    total = np.zeros((x.shape[0], *out, x.shape[3]), x.dtype)
    for _, _, view in spatial.taps(x, attrs.kernel_size, attrs.stride, (1, 1), out):
        total += view
    return total


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    n = counts(attrs, io)
    if io.outputs[0].is_float:
        mean = _sums(attrs, inputs[0], io, 0) / n.astype(np.float32)
        return [quantized.clamp_real(mean, attrs.activation)]
    if attrs.requantization == "float":
        return [_float_factors(attrs, inputs[0].astype(np.float32), n, io).astype(io.dtype)]
    total = _sums(attrs, inputs[0].astype(np.int64), io, padding(attrs, io))
    return [_divide(total, n, io, attrs).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch
    import torch.nn.functional as f

    is_float = io.outputs[0].is_float
    if not is_float and attrs.requantization == "float":  # the order of sums is part of it
        q = _float_factors(attrs, inputs[0].float().cpu().numpy(), counts(attrs, io), io)
        return [torch.tensor(q, device=inputs[0].device)]
    x = inputs[0] if is_float else inputs[0].double()
    x = spatial.padded_torch(x.permute(0, 3, 1, 2), attrs.pads, float(padding(attrs, io)))
    total = f.avg_pool2d(x, attrs.kernel_size, attrs.stride, divisor_override=1)
    total, n = total.permute(0, 2, 3, 1), torch.tensor(counts(attrs, io), device=x.device)
    if is_float:
        return [quantized.clamp_torch(total / n, attrs.activation)]
    return [_divide(total.round().to(torch.int64), n, io, attrs)]


def _float_factors(attrs: Attrs, q: Array, n: Array, io: Io) -> Array:
    """Averages of reals, tap by tap in float32, as ONNX Runtime's QLinearAveragePool."""
    first = io.inputs[0]
    real = np.float32(float_requantized.scale_of(first)) * (q - quantized.zero_point(first))
    total = _sums(attrs, real, io, 0)
    n = n.astype(np.float32)
    return float_requantized.averaged(total, n, io, attrs.activation, attrs.offset)


def _divide(total: Any, n: Any, io: Io, attrs: Attrs) -> Any:
    """total / n rounded half away from zero and clamped; int64 arrays or tensors."""
    total = total + attrs.offset * n
    magnitude = (abs(total) + n // 2) // n
    q = magnitude * ((total > 0) * 2 - 1) - attrs.offset
    return quantized.clamp_integers(q, io, attrs.activation)


def sums_fit(attrs: Attrs, io: Io) -> str | None:
    """integers of a window add up to less than 2^31"""
    if io.dtype not in ("int8", "int16"):
        return None
    rows, columns = attrs.kernel_size
    if not attrs.count_include_pad:
        rows, columns = min(rows, io.inputs[0].shape[1]), min(columns, io.inputs[0].shape[2])
    # half of the count is added before the division
    worst = rows * columns * (-INTEGER_RANGE[io.dtype][0] + attrs.offset + 0.5)
    return None if worst < 2**31 else f"a window has {rows * columns:,} values"


constraints = (*pooling.constraints, quantized.float_factors_for_int8, sums_fit)
