# SPDX-License-Identifier: Apache-2.0
"""Bilinear resize of images: the mean of four pixels, weighted by their nearness.

int8, int16: weights in 1/1024 of a pixel, one division by 2^20, ties away from zero
             (TensorFlow Lite Micro: reference/resize_bilinear.h, ResizeBilinearInteger)
float32:     sum in the reference's order
int8 with an `offset`: the float32 sum of q + offset, plus 1/2, truncated, less offset; so are
             uint8 images resized (TensorFlow Lite: ResizeBilinear of uint8_t)
int8, requantization "float": between reals as ONNX Runtime has them; see `_float_requantized`
Inputs: x (N, H, W, C).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _resizing as resizing
from iseul.graph.ops._shape import REQUANTIZATION
from iseul.numerics.float_requantize import Requantization  # noqa: TC001  read by pydantic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.graph.ops._resizing import Taps
    from iseul.numerics import Array

BATCHED = True
infer = resizing.infer


class Attrs(resizing.Attrs):
    requantization: Requantization = REQUANTIZATION
    offset: int = float_requantized.OFFSET


def taps(attrs: Attrs, io: Io) -> tuple[Taps, Taps]:
    """Taps of rows and of columns."""
    shape = io.inputs[0].shape
    is_real = io.outputs[0].is_float or attrs.offset
    make = resizing.real_taps if is_real else resizing.integer_taps
    rows, columns = (
        make(n_in, n_out, attrs.coordinates)
        for n_in, n_out in zip(shape[1:3], attrs.size, strict=True)
    )
    return rows, columns


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if float_requantized.chosen(attrs.requantization, io):
        return [float_requantized.resized(x, attrs, io).astype(io.dtype)]
    rows, columns = taps(attrs, io)
    if attrs.offset:
        real = _reals(x.astype(np.float32) + np.float32(attrs.offset), rows, columns)
        return [((real + np.float32(0.5)).astype(np.int64) - attrs.offset).astype(io.dtype)]
    if not io.outputs[0].is_float:
        return [_integers(x.astype(np.int64), rows, columns).astype(io.dtype)]
    return [_reals(x, rows, columns)]


def _reals(x: Array, rows: Taps, columns: Taps) -> Array:
    """float32, operation by operation."""
    one = np.float32(1)
    fy, fx = rows.share[:, None, None], columns.share[:, None]
    above, below = x[:, rows.lower], x[:, rows.upper]
    total = above[:, :, columns.lower] * (one - fy) * (one - fx)
    total = total + below[:, :, columns.lower] * fy * (one - fx)
    total = total + above[:, :, columns.upper] * (one - fy) * fx
    return total + below[:, :, columns.upper] * fy * fx


def _integers(x: Any, rows: Taps, columns: Taps) -> Any:
    """int64 array or tensor of q to that of the output. Taps are arrays or tensors alike."""
    fy, fx = rows.share[:, None, None], columns.share[:, None]
    above, below = x[:, rows.lower], x[:, rows.upper]
    left = above[:, :, columns.lower] * (resizing.ONE - fy) + below[:, :, columns.lower] * fy
    right = above[:, :, columns.upper] * (resizing.ONE - fy) + below[:, :, columns.upper] * fy
    total = left * (resizing.ONE - fx) + right * fx
    # truncated division by 2^20 of |total| + 2^19, with the sign of total
    size = (abs(total) + (1 << 19)) >> 20
    return size * (1 - 2 * (total < 0))


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x = inputs[0]
    is_ordered = attrs.offset or attrs.requantization == "float"
    if is_ordered and not x.is_floating_point():  # the order of sums is part of it
        q = run(attrs, [x.cpu().numpy()], io)[0]
        return [torch.tensor(q.astype(np.int64), device=x.device)]
    rows, columns = (
        resizing.Taps(*(torch.tensor(part, device=x.device) for part in side))  # type: ignore[arg-type]
        for side in taps(attrs, io)
    )
    if not io.outputs[0].is_float:
        return [_integers(x, rows, columns)]
    fy, fx = rows.share[:, None, None], columns.share[:, None]
    above, below = x[:, rows.lower], x[:, rows.upper]
    left = above[:, :, columns.lower] * (1 - fy) + below[:, :, columns.lower] * fy
    right = above[:, :, columns.upper] * (1 - fy) + below[:, :, columns.upper] * fy
    return [left * (1 - fx) + right * fx]


def offset_for_int8(attrs: Attrs, io: Io) -> str | None:
    """an offset is for int8"""
    return f"output is {io.dtype}" if attrs.offset and io.dtype != "int8" else None


def quantizations_fit(attrs: Attrs, io: Io) -> str | None:
    """input and output have the same scale and zero point, but for float factors"""
    if attrs.requantization == "float" and not attrs.offset:
        return None
    return quantized.same_quantization(attrs, io)


constraints = (
    quantized.kinds_among("float32", "int8", "int16"),
    quantized.quantized_per_tensor,
    quantizations_fit,
    quantized.float_factors_for_int8,
    offset_for_int8,
)
