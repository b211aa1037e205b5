# SPDX-License-Identifier: Apache-2.0
"""Quotient of two values with numpy's broadcasting and a fused activation: a / b.

int8:  (a - zp_a) as far to the left as it goes, times the reciprocal of |b - zp_b| in Q0.31 by
       three Newton-Raphson steps, scaled to the output by s_a / (s_b s_out) computed in double
       (TensorFlow Lite Micro: reference/div.h, micro/kernels/div.cc)
int32: plain integers, rounded towards zero, then clamped; -2^31 / -1 wraps around
The reference leaves integer divisions by zero undefined. Here int32 gives 0, as the division
instruction of Cortex-M does, and int8 the end of the range that a's sign points to (0 / 0: the
zero point).
Inputs: a, b.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.fixed_point import high_mul, one_over_one_plus_x
from iseul.numerics.requantize import quantize_multiplier, rounding_divide_by_pot, wrap_int32

if TYPE_CHECKING:
    from iseul.graph.ir import Io, Value

BATCHED = broadcast.is_batched
Attrs = broadcast.FusedAttrs
infer = broadcast.infer

_BEYOND = 1 << 9  # past both ends of int8, whatever the zero point


def multiplier(io: Io) -> tuple[int, int]:
    """(multiplier, shift) of s_a / (s_b * s_out)."""
    s_a, s_b, s_out = (
        np.float64(quantized.quant_of(value).scale[0]) for value in (*io.inputs, *io.outputs)
    )
    return quantize_multiplier(float(s_a / (s_b * s_out)))


def _bit_length(x: Any) -> Any:
    """Bits of integers 0 .. 255, arrays or tensors."""
    return sum((x >> k != 0) * 1 for k in range(8))


def reciprocals(x: Any) -> Any:
    """1 / m in Q0.31 for x = m * 2^n, 1 <= m < 2; x = 0 .. 255, arrays or tensors (0: as 1)."""
    x = x + (x == 0) * 1
    return one_over_one_plus_x((x << (32 - _bit_length(x))) - (1 << 31))


def _integers(a: Any, b: Any, io: Io) -> Any:
    a, b = a - quantized.zero_point(io.inputs[0]), b - quantized.zero_point(io.inputs[1])
    a, b = a * (1 - 2 * (b < 0)), abs(b)
    is_zero = (b == 0) * 1
    # the sign bits behind the first: those of -a - 1 for a < 0
    headroom = 31 - _bit_length(a * (a >= 0) - (a + 1) * (a < 0))
    factor, shift = multiplier(io)
    product = high_mul(high_mul(a << headroom, reciprocals(b)), factor)
    q = rounding_divide_by_pot(product, _bit_length(b + is_zero) - 1 + headroom - shift)
    ends = _BEYOND * ((a > 0) * 1 - (a < 0) * 1)
    return q * (1 - is_zero) + ends * is_zero + quantized.zero_point(io.outputs[0])


def _plain(a: Any, b: Any) -> Any:
    is_zero = (b == 0) * 1
    quotient = abs(a) // (abs(b) + is_zero) * (1 - is_zero)
    return wrap_int32(quotient * (1 - 2 * ((a < 0) != (b < 0))))


_QUOTIENT = broadcast.Arithmetic(lambda a, b: a / b, _integers, _plain)
run = partial(broadcast.run, arithmetic=_QUOTIENT)
run_torch = partial(broadcast.run_torch, arithmetic=_QUOTIENT)


def divisor_not_zero(attrs: Any, io: Io) -> str | None:
    """a constant integer divisor holds no zero"""
    b = io.inputs[1]
    if b.data is None or b.is_float or np.all(b.data != quantized.zero_point(b)):
        return None
    return f'"{b.name}" holds zeros'


def _divisor_bits(b: Value) -> int:
    """Bits of the largest |b - zero_point|."""
    return broadcast.reach(b).bit_length()


def shifts_are_defined(attrs: Any, io: Io) -> str | None:
    """s_a / (s_b s_out) is at least about half the largest |b - zp_b|, and at most 2^22"""
    if not broadcast.is_quantized(io):
        return None
    # no shift to the right by more than 31 bits, none to the left: the reference has neither
    factor, shift = multiplier(io)
    if factor > 0 and _divisor_bits(io.inputs[1]) - 1 <= shift <= 22:
        return None
    s_a, s_b, s_out = (quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs))
    return f"it is {s_a / (s_b * s_out):g}, the divisor is up to {broadcast.reach(io.inputs[1])}"


constraints = (
    broadcast.one_kind("float32", "int8", "int32"),
    broadcast.quantized_by_kind,
    divisor_not_zero,
    shifts_are_defined,
)
