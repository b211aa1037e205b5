# SPDX-License-Identifier: Apache-2.0
"""What logistic and tanh share: how their integers are prepared.

int8:   q - zero_point scaled to Q4.27, gemmlowp's function there, its Q0.31 rounded to the
        output's scale; beyond the radius of Q4.27 the result is an end of the range
int16:  3 (q scaled to 2^-12), then straight lines in a table of 256 (`numerics.gate`). A scale
        that is a power of two is shifted exactly, others get a multiplier of 15 bits

Source: TensorFlow Lite Micro: micro/kernels/logistic_common.cc, tanh.cc, reference/integer_ops.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics import gate
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from iseul.graph.ir import Io
    from iseul.numerics.requantize import Integers

    Q15 = Callable[[Integers, Integers], Integers]
    FixedPoint = Callable[[NDArray[np.int64], int], NDArray[np.int64]]

_INTEGER_BITS = 4  # of the int8 functions' operand
_UNITS = 3 << 12  # the int16 functions see steps of 1 / (3 * 4096)
_LARGEST_SCALE = 32767 / _UNITS


def of_int8(x: NDArray[np.int64], io: Io, function: FixedPoint) -> NDArray[np.int64]:
    """The function's Q0.31 for int8 integers; the ends of Q0.31 beyond the radius."""
    scale = quantized.quant_of(io.inputs[0]).scale[0]
    fraction = 31 - _INTEGER_BITS
    multiplier, shift = quantize_multiplier(scale * 2.0**fraction)
    exponent = math.frexp(scale * 2.0**fraction)[1]  # not limited as a shift is
    radius = math.floor(math.ldexp(((1 << _INTEGER_BITS) - 1) * 2.0**fraction, -exponent))
    centred = x - quantized.zero_point(io.inputs[0])
    inside = np.clip(centred, -max(radius - 1, 0), max(radius - 1, 0))
    result = function(requantize(inside, multiplier, shift), _INTEGER_BITS)
    result = np.where(centred >= radius, np.int64((1 << 31) - 1), result)
    return np.where(centred <= -radius, np.int64(-(1 << 31)), result)


def multiplier_of_int16(io: Io, exact_shifts: tuple[int, ...]) -> tuple[int, int]:
    """(multiplier, right shift) that take int16 integers to steps of 1 / (3 * 4096).

    exact_shifts: left shifts of q from 2^-12 that the op does without a multiplier
    """
    scale = np.float32(quantized.quant_of(io.inputs[0]).scale[0])
    power, is_power = nearest_power(scale)
    if is_power and power + 12 in exact_shifts:
        return 3 << (power + 12), 0
    real, shift = float(scale) * _UNITS, 0
    while real <= 32767.0 / 2.0 and shift <= 30:
        real, shift = real * 2.0, shift + 1
    return int(real), shift


def nearest_power(x: np.float32) -> tuple[int, bool]:
    """log2(x) rounded, and whether it is that but for 1/1000, in float32 (CheckedLog2)."""
    natural = np.float32(math.log(float(x)))
    log2 = natural * (np.float32(1) / np.float32(math.log(2.0)))
    whole = math.floor(abs(float(log2)) + 0.5) * (1 if log2 >= 0 else -1)
    return whole, bool(abs(log2 - np.float32(whole)) < np.float32(1e-3))


def of_int16(x: Any, io: Io, exact_shifts: tuple[int, ...], function: Q15, table: Any) -> Any:
    """The function's Q0.15 for int16 integers: int64 array or tensor, the table too."""
    multiplier, shift = multiplier_of_int16(io, exact_shifts)
    half = (1 << shift) >> 1
    return function((x * multiplier + half) >> shift, table)


def torch_table(x: Any) -> Any:
    """The table of the int16 functions as a tensor beside x."""
    import torch

    return torch.tensor(gate.logistic_table(), device=x.device)


def scale_of_int16(attrs: Any, io: Io) -> str | None:
    """an int16 input's scale is at most 2.66"""
    first = io.inputs[0]
    if first.dtype != "int16" or first.quant is None or first.quant.scale[0] <= _LARGEST_SCALE:
        return None
    return f"its scale is {first.quant.scale[0]:g}"


def int16_output_q15(attrs: Any, io: Io) -> str | None:
    """an int16 output has scale 2^-15"""
    last = io.outputs[0]
    if last.dtype != "int16" or last.quant is None:
        return None
    scale = last.quant.scale[0]
    return None if nearest_power(np.float32(scale)) == (-15, True) else f"its scale is {scale:g}"


rules = (
    pointwise.float_or_integers,
    quantized.quantized_per_tensor,
    quantized.zero_points_of_int16,
    scale_of_int16,
    int16_output_q15,
)
