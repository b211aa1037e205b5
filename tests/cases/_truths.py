# SPDX-License-Identifier: Apache-2.0
"""The table that logical ops of two operands go through."""

from __future__ import annotations

from cases._binaries import pair
from cases._case import Case
from cases._comparisons import both_bools


def truths(op: str) -> tuple[Case, ...]:
    """The cases of a logical op."""
    return (
        pair(op, "all pairs", "bool", ((1, 2, 1), (1, 1, 2)), feed=both_bools),
        pair(op, "same shape", "bool"),
        pair(op, "one value per channel", "bool", ((1, 4, 5, 3), (3,))),
        pair(op, "a constant", "bool", ((1, 9), ()), constant="b"),
    )
