# SPDX-License-Identifier: Apache-2.0
"""Hard swish of each element: x * min(max(x + 3, 0), 6) / 6.

int8:   16-bit fixed point: x on a fine scale of the output, times (x + 3) / 6 clamped to [0, 1],
        with the scales' multipliers reduced to 15 bits (TensorFlow Lite Micro:
        reference/hard_swish.h, micro/kernels/hard_swish_common.cc)
Inputs: x of any shape.
Paper: Howard et al.: Searching for MobileNetV3, ICCV 2019.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.requantize import quantize_multiplier, reduce_multiplier, rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        return [x * np.clip(x + np.float32(3), 0, 6) / np.float32(6)]
    return [_integers(x.astype(np.int64), io).astype(np.int8)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        return [torch.nn.functional.hardswish(inputs[0])]
    return [pointwise.every_integer(run, attrs, inputs[0], io)]


def multipliers(io: Io) -> tuple[tuple[int, int], tuple[int, int]]:
    """(multiplier of 15 bits, shift) of the output, and of the factor that 3.0 makes 2^15."""
    fine = quantized.quant_of(io.inputs[0]).scale[0] / 128
    out = quantized.quant_of(io.outputs[0]).scale[0]
    (a, a_shift), (b, b_shift) = (quantize_multiplier(fine / s) for s in (out, 3 / 32768))
    return (int(reduce_multiplier(a)), a_shift), (int(reduce_multiplier(b)), b_shift)


def _integers(x: NDArray[np.int64], io: Io) -> NDArray[np.int64]:
    (out, out_shift), (relu, relu_shift) = multipliers(io)
    fine = (x - quantized.zero_point(io.inputs[0])) * 128
    scaled = _high_mul(fine, out)
    # all left shifts but the last one before the multiplication, which keeps saturation exact
    factor = _saturate(fine << max(relu_shift - 1, 0))
    factor = _high_mul(factor, relu)
    factor = _saturate(factor * 2) if relu_shift > 0 else factor
    factor = rounding_divide_by_pot(factor, max(-relu_shift, 0))
    factor = (factor + (1 << 15)) >> 1  # from [-1, 1) to [0, 1)
    product = factor * scaled
    product = np.sign(product) * (np.abs(product) >> 15)  # truncated, as C divides
    q = rounding_divide_by_pot(product, -out_shift) + quantized.zero_point(io.outputs[0])
    return np.clip(q, -128, 127)


def _high_mul(a: NDArray[np.int64], b: int) -> NDArray[np.int64]:
    """gemmlowp's rounding doubling high multiply of 16 bits; b >= 0."""
    return (a * b + (1 << 14)) >> 15


def _saturate(x: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(x, -(1 << 15), (1 << 15) - 1)


def scales_fit(attrs: Attrs, io: Io) -> str | None:
    """the input's scale is from 2^-20 to 2^8, and from 2^-8 to 128 times the output's"""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float or first.quant is None or last.quant is None:
        return None
    (_, out_shift), (_, relu_shift) = multipliers(io)
    if -15 <= out_shift <= 0 and -14 <= relu_shift <= 15:
        return None
    return f"scales are {first.quant.scale[0]:g} and {last.quant.scale[0]:g}"


constraints = (quantized.kinds_float_or_int8, quantized.quantized_per_tensor, scales_fit)
