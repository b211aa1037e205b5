# SPDX-License-Identifier: Apache-2.0
"""Cases of less."""

from __future__ import annotations

from operator import lt

import numpy as np

from cases._binaries import compared
from cases._comparisons import comparisons
from cases._scalar import Op

CASES = comparisons("less")


def scalar(op: Op) -> np.ndarray:
    return compared(op, lt)
