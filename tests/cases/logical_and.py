# SPDX-License-Identifier: Apache-2.0
"""Cases of logical_and."""

from __future__ import annotations

import numpy as np

from cases._binaries import each
from cases._scalar import Op
from cases._truths import truths

CASES = truths("logical_and")


def scalar(op: Op) -> np.ndarray:
    return each(op, lambda a, b: a and b)
