# SPDX-License-Identifier: Apache-2.0
"""Cases of reduce_prod."""

from __future__ import annotations

import math

import numpy as np

from cases._reductions import SHAPES, groups, reduction
from cases._scalar import Op

CASES = tuple(
    reduction("reduce_prod", f"float, {what}", *parts, kind="float32") for what, *parts in SHAPES
)


def scalar(op: Op) -> np.ndarray:
    """Product of each pile."""
    return groups(op)[1](math.prod)
