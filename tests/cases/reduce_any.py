# SPDX-License-Identifier: Apache-2.0
"""Cases of reduce_any."""

from __future__ import annotations

import numpy as np

from cases._reductions import SHAPES, groups, reduction
from cases._scalar import Op

CASES = tuple(reduction("reduce_any", what, *parts, kind="bool") for what, *parts in SHAPES)


def scalar(op: Op) -> np.ndarray:
    """any() of each pile."""
    return groups(op)[1](any)
