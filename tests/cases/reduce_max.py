# SPDX-License-Identifier: Apache-2.0
"""Cases of reduce_max."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import Case
from cases._reductions import SHAPES, groups, reduction
from cases._scalar import Op


def _case(what: str, *parts: Any, **more: Any) -> Case:
    return reduction("reduce_max", what, *parts, **more, rounds=False)


CASES = (
    *(_case(f"int8, {what}", *parts, first=(0.05, -3)) for what, *parts in SHAPES),
    *(_case(f"float, {what}", *parts, kind="float32", spread=9.0) for what, *parts in SHAPES),
    *(_case(f"int32, {what}", *parts, kind="int32") for what, *parts in SHAPES[:3]),
    _case("int16", (1, 5, 3, 7), (1, 2), True, kind="int16"),
    _case("int16, last axis", (1, 6, 9), (2,), False, kind="int16"),
)


def scalar(op: Op) -> np.ndarray:
    """Largest of each pile."""
    return groups(op)[1](max)
