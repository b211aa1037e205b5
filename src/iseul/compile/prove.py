# SPDX-License-Identifier: Apache-2.0
"""Shorter integer formulas that are shown to equal an op's own meaning before they are used.

A proof is an object that states the formula and can be checked again: `holds` goes through all
values that the operands can have. Without a proof kernels keep to the reference's own steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_INT8 = np.arange(-128, 128, dtype=np.int64)
_INT32 = 1 << 31
_SHIFTS = range(23, 11, -1)  # the finer, the likelier
_NEAR = sorted(range(-3, 4), key=abs)  # changes of a rounded factor that are tried


@dataclass(frozen=True)
class Linear:
    """clamp((a x + b y + constant) >> shift, low, high) for int8 x and y, in 32 bits."""

    a: int
    b: int
    constant: int
    shift: int
    low: int
    high: int

    def results(self) -> NDArray[np.int64]:
        """Of all pairs, (256, 256): x, then y from -128 on."""
        sums = self.a * _INT8[:, None] + self.b * _INT8 + self.constant
        return np.clip(sums >> self.shift, self.low, self.high)

    def holds(self, wanted: NDArray[np.int64]) -> bool:
        """Whether all 65,536 results are those wanted, and no sum leaves 32 bits."""
        largest = 128 * (abs(self.a) + abs(self.b)) + abs(self.constant)
        return largest < _INT32 and bool(np.array_equal(self.results(), wanted))


def linear(wanted: NDArray[np.int64], a: float, b: float, low: int, high: int) -> Linear | None:
    """A linear form of a table, or None if the search finds none.

    wanted: (256, 256), clamped to low .. high
    a, b:   the real factors of x and y
    """
    free_below, free_above = wanted == low, wanted == high
    for shift in _SHIFTS:
        unit = 1 << shift
        if (abs(a) + abs(b)) * 128 * unit >= _INT32 * 0.75:
            continue
        for near_a in _NEAR:
            for near_b in _NEAR:
                factors = round(a * unit) + near_a, round(b * unit) + near_b
                sums = factors[0] * _INT8[:, None] + factors[1] * _INT8
                # wanted * unit <= sums + constant < (wanted + 1) * unit where nothing is clamped
                rest = wanted * unit - sums
                least = int(np.where(free_below, -_INT32, rest).max())
                most = int(np.where(free_above, _INT32, rest + unit - 1).min())
                if least > most:
                    continue
                found = Linear(*factors, (least + most) // 2, shift, low, high)
                if found.holds(wanted):
                    return found
    return None
