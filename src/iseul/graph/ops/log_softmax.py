# SPDX-License-Identifier: Apache-2.0
"""Logarithm of softmax over the last axis: x - max - ln(sum exp(x - max)).

int8:   distances to the row's maximum in Q5.26, exponentials summed in Q12.19 as in softmax, and
        a rational approximation of the sum's logarithm; the output has scale 1/16 and zero point
        127 (TensorFlow Lite Micro: reference/log_softmax.h, micro/kernels/log_softmax.cc)
Inputs: x (..., K).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import softmax
from iseul.numerics import fixed_point
from iseul.numerics.requantize import quantize_multiplier, requantize, rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = softmax.BATCHED
infer = softmax.infer

_OUTPUT_BITS = 4  # integer bits of the output's range of 16
_LARGEST = 4095  # exponentials of 1 that the sum holds


class Attrs(Config):
    pass


class Constants(NamedTuple):
    """Integer constants of the int8 op.

    multiplier, shift: distances to Q5.26
    reverse:           (multiplier, shift) of Q5.26 to distances
    smallest:          distance that counts
    """

    multiplier: int
    shift: int
    reverse: tuple[int, int]
    smallest: int


def constants(io: Io) -> Constants:
    """The constants that TensorFlow Lite Micro computes at preparation."""
    multiplier, shift, smallest = softmax.multiplier(1.0, io)
    reverse = quantize_multiplier((1 << (31 - shift)) / multiplier)
    return Constants(multiplier, shift, reverse, smallest)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        x = x - x.max(axis=-1, keepdims=True)
        return [x - np.log(np.exp(x).sum(axis=-1, keepdims=True))]
    x = x.astype(np.int64)
    distance = x.max(axis=-1, keepdims=True) - x
    e = softmax.exponentials(1.0, io)[distance]
    return [_integers(distance, e, io, softmax.bits).astype(np.int8)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x = inputs[0]
    if io.outputs[0].is_float:
        return [torch.log_softmax(x, dim=-1)]
    distance = x.amax(-1, keepdim=True) - x
    e = torch.tensor(softmax.exponentials(1.0, io), device=x.device)[distance]
    return [_integers(distance, e, io, softmax.bits_torch)]


def _integers(distance: Any, e: Any, io: Io, bit_length: Callable[[Any], Any]) -> Any:
    """Distances below the maximum and their exponentials to integers of the output."""
    c = constants(io)
    total = rounding_divide_by_pot(e, softmax.SUM_BITS).sum(-1)[..., None]
    log = fixed_point.log(total, softmax.SUM_BITS, bit_length)
    # what Q5.26 can not hold after the logarithm is taken off is as far as can be
    least = requantize(log - (1 << 31), *c.reverse)
    least = least + (c.smallest - 1 - least) * (least < c.smallest - 1)
    counts = (-distance > least) * 1
    scaled = fixed_point.high_mul((-distance * counts) << c.shift, c.multiplier)
    right = 31 - softmax.DIFFERENCE_BITS - _OUTPUT_BITS
    q = (rounding_divide_by_pot(scaled - log, right) + 127).clip(-128, 127)
    return q * counts - 128 * (1 - counts)


def output_is_16th(attrs: Attrs, io: Io) -> str | None:
    """an int8 output has scale 1/16 and zero point 127"""
    quant = io.outputs[0].quant
    if quant is None or (quant.scale, quant.zero_point) == ((1 / 16,), (127,)):
        return None
    return f"scale {quant.scale[0]:g}, zero point {quant.zero_point[0]}"


def scale_counts(attrs: Attrs, io: Io) -> str | None:
    """an int8 input's scale is at least 2^-24"""
    quant = io.inputs[0].quant
    if quant is None or quant.scale[0] >= 2.0**-24:
        return None
    return f"its scale is {quant.scale[0]:g}"


def row_fits(attrs: Attrs, io: Io) -> str | None:
    """int8 rows have at most 4095 values, so that the sum of exponentials fits into 32 bits"""
    n = io.inputs[0].shape[-1]
    return None if io.outputs[0].is_float or n <= _LARGEST else f"{n:,} values"


constraints = (
    quantized.kinds_among("float32", "int8"),
    quantized.quantized_per_tensor,
    output_is_16th,
    scale_counts,
    row_fits,
)
