# SPDX-License-Identifier: Apache-2.0
"""The table that quotients rounded down and their remainders go through."""

from __future__ import annotations

import numpy as np

from cases._binaries import extremes, pair
from cases._case import Case
from iseul.core.seed import generator

_INF, _NAN = float("inf"), float("nan")
_LARGEST, _SMALLEST = 3.4028235e38, 1e-45
_N = 4000


def _every_size() -> list[np.ndarray]:
    """Quotients from 2^-20 to 2^80, one in three near a whole number."""
    random = generator(0, "floors")
    b = np.exp2(random.uniform(-20, 20, _N)) * random.choice([-1, 1], _N)
    quotient = np.exp2(random.uniform(-20, 80, _N)) * random.choice([-1, 1], _N)
    quotient[::3] = np.rint(quotient[::3])
    a, b = (quotient * b).astype(np.float32), b.astype(np.float32)
    a[1::4] = np.nextafter(a[1::4], np.float32(0))
    return [a.reshape(1, 1, _N), b.reshape(1, 1, _N)]


def floors(op: str) -> tuple[Case, ...]:
    """The cases of floor_div or floor_mod."""
    exact = ((7.0, 2.0), (-7.0, 2.0), (7.0, -2.0), (-7.0, -2.0), (6.0, 3.0), (-6.0, 3.0))
    ends = (
        *((0.0, 3.0), (-0.0, 3.0), (2.0, _INF), (-2.0, _INF), (_INF, 2.0), (_NAN, 2.0)),
        *((1.0, 0.0), (-1.0, 0.0), (0.0, 0.0), (_LARGEST, _SMALLEST), (_SMALLEST, _LARGEST)),
        *((-_SMALLEST, _LARGEST), (-_LARGEST, 1.1e-38), (_SMALLEST * 7, _SMALLEST * 3)),
        *((1.0, 1e-40), (16777215.0, 1.0000001), (-1e30, 3.0)),
    )
    return (
        pair(op, "signs", shapes=((1, 6), (1, 6)), feed=extremes("float32", *exact)),
        pair(op, "ends", shapes=((1, len(ends)),) * 2, feed=extremes("float32", *ends)),
        pair(op, "quotients of every size", shapes=((1, _N), (1, _N)), feed=_every_size),
        pair(op, "one divisor per channel", shapes=((1, 4, 5, 3), (1, 1, 1, 3))),
    )
