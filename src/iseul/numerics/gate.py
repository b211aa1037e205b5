# SPDX-License-Identifier: Apache-2.0
"""Logistic and tanh of 16-bit integers, as the gates of recurrent ops use them.

TensorFlow Lite Micro: reference/integer_ops/logistic.h and tanh.h (the int16 functions). Both
interpolate in one table of logistic(i / 24) in Q0.16, since tanh(x) = 2 logistic(2 x) - 1, and
both see three times their input, so that the table's last entry stands for 10.7. Results are
Q0.15. Functions take int64 arrays or torch int64 tensors; the table comes with them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.numerics.requantize import Integers

GATE_POWER = -12  # gates see Q3.12

# The entries, from the first in the lowest bit, where the reference's table is one above
# logistic(i / 24) * 2^16 rounded to nearest
_ONE_MORE = 0x800000000000000000000000000000800011009020440005C0467BAEFA7BD110


@cache
def logistic_table() -> NDArray[np.int64]:
    """logistic(i / 24) in Q0.16 for i = 0 .. 255."""
    exact = 65536.0 / (1.0 + np.exp(-np.arange(256) / 24.0))
    one_more = np.array([_ONE_MORE >> i & 1 for i in range(256)], np.int64)
    table = np.floor(exact + 0.5).astype(np.int64) + one_more
    table.setflags(write=False)
    return table


def tripled(x: Integers, power: int) -> Integers:
    """3 x for x = q * 2^power, as a number of scale 2^-12: what the functions below see.

    power: -31 .. 0; digits below 2^-12 are rounded half up
    """
    left = power - GATE_POWER
    if left >= 0:
        return (3 * x) << left
    return (3 * x + (1 << (-left - 1))) >> -left


def logistic_q15(x: Integers, table: Integers) -> Integers:
    """logistic of `tripled` numbers in Q0.15. table: `logistic_table` as an array or tensor."""
    positive = _interpolated(abs(x), 9, 0x7FFF << 10, table)
    negative = (x < 0) * 1
    return (positive + 512 + negative * ((1 << 25) - 2 * positive - 1)) >> 10


def tanh_q15(x: Integers, table: Integers) -> Integers:
    """tanh of `tripled` numbers in Q0.15. table: `logistic_table` as an array or tensor."""
    positive = _interpolated(abs(x), 8, 0xFFFF << 8, table) - (1 << 23)
    negative = (x < 0) * 1
    return (positive + 128 - negative * (2 * positive + 1)) >> 8


def _interpolated(a: Integers, bits: int, most: int, table: Integers) -> Integers:
    """Between two entries of the table, `bits` binary digits behind the entry's; `most` past it."""
    i = a >> bits
    inside = (i < 255) * 1
    i = i.clip(0, 254)
    between = (table[i] << bits) + (a & ((1 << bits) - 1)) * (table[i + 1] - table[i])
    return inside * between + (1 - inside) * most
