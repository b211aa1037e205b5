# SPDX-License-Identifier: Apache-2.0
"""Integer ops that scale by float32 factors: the meanings of ONNX Runtime's QLinear kernels.

`requantization = "float"` of an op chooses them; the default is TensorFlow Lite's fixed point.
They are those of x86-64 with AVX2 (onnxruntime 1.32), found equal on all pairs of integers:

    convolution, fully connected   rint(float(sum) * (s_x * s_w / s_y)) + zp_y
                                   core/mlas/lib/quantize.cpp; bias in the sum; see
                                   `_quantized.finish`
    add                            rint(fma(a, s_a / s_y, fma(b, s_b / s_y, c))),
                                   c = zp_y - fma(s_a / s_y, zp_a, s_b / s_y * zp_b)
                                   core/mlas/lib/intrinsics/avx2/qladd_avx2.cpp
    mul                            rint((a - zp_a) * (b - zp_b) * (s_a * s_b / s_y) + zp_y)
                                   core/mlas/lib/qlmul.cpp
    average_pool2d                 reals are summed tap by tap, divided by their number and s_y,
                                   rint(.. + zp_y); contrib_ops/cpu/quantization/qlinear_pool.cc
    softmax                        rint(e * floor(1 / s_y) / sum of e) + zp_y, e from a table of
                                   float32, summed one by one;
                                   contrib_ops/cpu/quantization/qlinear_softmax.cc
    resize_bilinear                the four pixels, each times the product of its two weights, are
                                   summed as reals, rint(.. / s_y) + zp_y; with an `offset` as the
                                   file's integers, truncated; core/providers/cpu/tensor/upsample.cc
    mean                           rint(float(sum) * (s_x / (s_y * n))) + zp_y
                                   core/mlas/lib/qlgavgpool.cpp

Where a zero point takes part in float arithmetic its size matters: `offset` is what the file's
numbers are more than those here (128 for uint8).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import Field

from iseul.graph.ops import _quantized as quantized
from iseul.numerics import float_requantize as real
from iseul.numerics.affine import activation_range

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.graph.ir import Io, Value
    from iseul.numerics.affine import Activation
    from iseul.numerics.float_requantize import Requantization

OFFSET: Any = Field(
    default=0,
    ge=0,
    le=128,
    description="what the file's integers are more than these, for rounding; 128: uint8",
)


def chosen(requantization: Requantization, io: Io) -> bool:
    """Whether a node's integers are scaled by float32 factors."""
    return requantization == "float" and io.dtype == "int8"


def scale_of(value: Value) -> float:
    return quantized.quant_of(value).scale[0]


def clamp(activation: Activation, io: Io, offset: int = 0) -> tuple[int, int]:
    """Lowest and highest of the file's output integers."""
    low, high = activation_range(activation, quantized.quant_of(io.outputs[0]), io.dtype)
    return low + offset, high + offset


# --- two operands


def added(a: Any, b: Any, io: Io, activation: Activation, offset: int) -> Any:
    """int64 q of both operands to those of their sum."""
    s_a, s_b, constant = sum_factors(io, offset)
    inner = real.fused(real.to_float(b + offset), s_b, constant)
    outer = real.fused(real.to_float(a + offset), s_a, inner)
    return real.to_whole(outer, *clamp(activation, io, offset)) - offset


def sum_factors(io: Io, offset: int) -> tuple[np.float32, np.float32, np.float32]:
    """(s_a / s_y, s_b / s_y, constant) of a sum."""
    s_y = scale_of(io.outputs[0])
    s_a, s_b = (real.ratio(scale_of(value), divisor=s_y) for value in io.inputs)
    z_a, z_b, z_y = (quantized.zero_point(v) + offset for v in (*io.inputs, io.outputs[0]))
    return (
        s_a,
        s_b,
        np.float32(z_y) - real.fused_number(z_a, s_a, np.float32(s_b * np.float32(z_b))),
    )


def multiplied(a: Any, b: Any, io: Io, activation: Activation, offset: int) -> Any:
    """int64 q of both operands to those of their product."""
    z_a, z_b, z_y = (quantized.zero_point(v) for v in (*io.inputs, io.outputs[0]))
    product = real.to_float((a - z_a) * (b - z_b)) * product_factor(io)
    return (
        real.to_whole(product + np.float32(z_y + offset), *clamp(activation, io, offset)) - offset
    )


def product_factor(io: Io) -> np.float32:
    """s_a * s_b / s_y."""
    s_a, s_b = (scale_of(value) for value in io.inputs)
    return real.ratio(s_a, s_b, divisor=scale_of(io.outputs[0]))


# --- averages


def averaged(total: Any, n: Any, io: Io, activation: Activation, offset: int) -> Any:
    """Sums of reals (float32) over n taps to the output's integers."""
    shifted = total / n / np.float32(scale_of(io.outputs[0]))
    shifted = shifted + np.float32(quantized.zero_point(io.outputs[0]) + offset)
    return real.to_whole(shifted, *clamp(activation, io, offset)) - offset


def mean(total: Any, n: int, io: Io) -> Any:
    """int64 sums of q - zero_point over n values to the output's integers."""
    zero = quantized.zero_point(io.outputs[0])
    low, high = clamp("none", io, -zero)
    return real.requantize_float(total, mean_factor(n, io), low, high) + zero


def mean_factor(n: int, io: Io) -> np.float32:
    """s_x / (s_y * n)."""
    steps = np.float32(scale_of(io.outputs[0])) * np.float32(n)
    return real.ratio(scale_of(io.inputs[0]), divisor=float(steps))


# --- resizes


class Corners(NamedTuple):
    """Two input pixels for each output pixel along an axis, and their weights.

    Output pixel i stands at (i + half) * step / scale - half.
    """

    lower: NDArray[np.int64]
    upper: NDArray[np.int64]
    of_lower: NDArray[np.float32]
    of_upper: NDArray[np.float32]


def places(n_in: int, n_out: int, coordinates: str) -> tuple[np.float32, np.float32, np.float32]:
    """(half, step, scale) of an axis; see `Corners`."""
    if coordinates == "align_corners":
        return np.float32(0), np.float32(n_in - 1), np.float32(max(n_out - 1, 1))
    half = np.float32(0.5 if coordinates == "half_pixel" else 0)
    return half, np.float32(1), np.float32(n_out) / np.float32(n_in)


def corners(n_in: int, n_out: int, coordinates: str) -> Corners:
    """Both pixels have weight 1/2 where they are one."""
    half, step, scale = places(n_in, n_out, coordinates)
    at = (np.arange(n_out).astype(np.float32) + half) * step / scale - half
    at = np.clip(at, np.float32(0), np.float32(n_in - 1))
    lower = at.astype(np.int64)
    upper = np.minimum(lower + 1, n_in - 1)
    is_one, equal = lower == upper, np.float32(0.5)
    weights = (np.abs(at - end.astype(np.float32)) for end in (upper, lower))
    return Corners(lower, upper, *(np.where(is_one, equal, weight) for weight in weights))


def resized(x: NDArray[np.int8], attrs: Any, io: Io) -> NDArray[np.int64]:
    """int8 images (N, H, W, C) to integers of attrs.size."""
    rows, columns = (
        corners(n_in, n_out, attrs.coordinates)
        for n_in, n_out in zip(x.shape[1:3], attrs.size, strict=True)
    )
    out = io.outputs[0]
    if attrs.offset:
        image = x.astype(np.float32) + np.float32(attrs.offset)
    else:
        image = real_of(x, io.inputs[0])
    left, right = columns.of_lower[:, None], columns.of_upper[:, None]
    top, bottom = rows.of_lower[:, None, None], rows.of_upper[:, None, None]
    above, below = image[:, rows.lower], image[:, rows.upper]
    total = left * top * above[:, :, columns.lower]
    total = total + right * top * above[:, :, columns.upper]
    total = total + left * bottom * below[:, :, columns.lower]
    total = total + right * bottom * below[:, :, columns.upper]
    if attrs.offset:
        whole: NDArray[np.int64] = total.astype(np.int64) - attrs.offset
        return whole
    zero = quantized.zero_point(out)
    low, high = clamp("none", io, -zero)
    return real.to_whole(total / np.float32(scale_of(out)), low, high) + zero


def real_of(x: NDArray[np.int8], value: Value) -> NDArray[np.float32]:
    """(q - zero_point) * scale in float32."""
    centred = (x.astype(np.int64) - quantized.zero_point(value)).astype(np.float32)
    return centred * np.float32(scale_of(value))


# --- softmax


def exponentials(beta: float, n: int, io: Io) -> NDArray[np.float32]:
    """exp(beta * s_x * (shift - d)) for distances d = 0 .. 255 to a row's maximum, as float32.

    The shift makes them as large as sums of n of them (at least 2) allow.
    """
    step = float(np.float32(scale_of(io.inputs[0]))) * beta
    largest = float(np.finfo(np.float32).max / np.float32(max(n, 2)))
    shift = max(0.0, math.log(largest) - 5.0) / step
    return np.array([math.exp((shift - d) * step) for d in range(256)]).astype(np.float32)


def share_factor(io: Io) -> np.float32:
    """floor(1 / s_y): what a share of 1 becomes."""
    return np.floor(np.float32(1) / np.float32(scale_of(io.outputs[0])))


def shares(distance: NDArray[np.int64], beta: float, io: Io) -> NDArray[np.int64]:
    """Distances to the row's maximum (..., K) to the output's integers."""
    e = exponentials(beta, distance.shape[-1], io)[distance]
    total = np.add.accumulate(e, axis=-1)[..., -1:]  # one by one, in float32
    zero = quantized.zero_point(io.outputs[0])
    low, high = clamp("none", io, -zero)
    with np.errstate(over="ignore"):  # a row of one value: infinite, which becomes the highest
        scaled = e * share_factor(io)
    return real.to_whole(scaled / total, low, high) + zero
