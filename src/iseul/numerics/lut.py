# SPDX-License-Identifier: Apache-2.0
"""Tables of a real function of quantized numbers, as TensorFlow Lite fills and reads them.

int8:   256 results, each of the real that its integer stands for
int16:  513 results at every 128th integer, and straight lines between them. Each is moved by half
        of the line's error in the middle, so that the errors at both places are equal

Source: LUTPopulate and LUTLookup of kernels/internal/common.h. Everything is float32; a function
gets and gives float32 arrays. C's conversion of reals beyond int32 is undefined: here they are
saturated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.numerics.affine import round_half_away

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from iseul.numerics.affine import Quantization
    from iseul.numerics.requantize import Integers

    Reals = NDArray[np.float32]
    Function = Callable[[Reals], Reals]

_STEPS = 512
_STEP_BITS = 7


def correctly(function: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Function:
    """The float32 function with results rounded once, as those of the C library nearly are."""

    def rounded(x: Reals) -> Reals:
        return function(x.astype(np.float64)).astype(np.float32)

    return rounded


def table_int8(function: Function, first: Quantization, last: Quantization) -> NDArray[np.int64]:
    """(256,): what becomes of -128 .. 127. first, last: quantization of input and output."""
    q = np.arange(-128, 128) - first.zero_point[0]
    with np.errstate(all="ignore"):  # scales may be as large as a float32
        y = function(np.float32(first.scale[0]) * q.astype(np.float32))
        rounded = round_half_away(y * (np.float32(1) / np.float32(last.scale[0])))
        results = rounded + np.float32(last.zero_point[0])
    # NaN has no integer: the lowest, as a comparison with it is never true
    return np.fmax(np.clip(results, -128, 127), np.float32(-128)).astype(np.int64)


def table_int16(function: Function, first: Quantization, last: Quantization) -> NDArray[np.int64]:
    """(513,): what becomes of -32768, -32640 .. 32640, 32767, moved as the header says."""
    with np.errstate(all="ignore"):  # scales may be as large as a float32
        low, high = _ends(first)
        least, most = _ends(last)
        step = (high - low) / np.float32(_STEPS)
        half = step / np.float32(2)
        per_unit = np.float32(65536) / (most - least)
        i = np.arange(_STEPS + 1, dtype=np.float32)
        y = function(low + i * step) * per_unit
        middle = round_half_away(function(low + i[:-1] * step + half) * per_unit)
        here = round_half_away(y)
        between = round_half_away((y[1:] + here[:-1]) / np.float32(2))
        moved = here[:-1] - round_half_away((between - middle) / np.float32(2))
        end = round_half_away(function(np.array([high])) * per_unit)
    table = np.clip(np.concatenate([moved, end]), -32768, 32767)
    return np.fmax(table, np.float32(-32768)).astype(np.int64)


def _ends(quant: Quantization) -> tuple[np.float32, np.float32]:
    """The reals that -32768 and 32767 stand for."""
    scale, zero = np.float32(quant.scale[0]), quant.zero_point[0]
    return scale * np.float32(-32768 - zero), scale * np.float32(32767 - zero)


def interpolate(x: Integers, table: Integers) -> Integers:
    """Results of int16 integers by a table of 513. int64 arrays or tensors, the table too.

    The slope wraps around in 16 bits where two neighbours are too far apart, as the reference's.
    """
    i = (x >> _STEP_BITS) + _STEPS // 2
    slope = _wrap_int16(table[i + 1] - table[i])
    half = 1 << (_STEP_BITS - 1)
    return _wrap_int16(table[i] + ((slope * (x & (2 * half - 1)) + half) >> _STEP_BITS))


def _wrap_int16(x: Integers) -> Integers:
    return ((x + (1 << 15)) & 0xFFFF) - (1 << 15)
