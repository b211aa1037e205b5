# SPDX-License-Identifier: Apache-2.0
"""The table that all comparisons go through."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cases._binaries import every_pair, extremes, itself, pair
from cases._case import Case

_NAN = float("nan")
_PER_CHANNEL = ((1, 4, 5, 3), (1, 1, 1, 3))


def comparisons(op: str) -> tuple[Case, ...]:
    """The cases of a comparison. Small numbers meet often, so that some are equal."""
    to_bool: Any = partial(pair, op, result="bool")
    few = np.array([[[[-1, 0, 1]]]])
    ends = ((2**31 - 1, -(2**31)), (-(2**31), -(2**31)), (5, 5), (-1, 0))
    wide = ((2**63 - 1, -(2**63)), (2**40, 2**40), (2**40, 2**40 + 1), (-1, 0))
    reals = ((_NAN, 1.0), (_NAN, _NAN), (0.0, -0.0), (np.inf, np.inf), (-1.0, 2.0), (3.0, 2.0))
    return (
        every_pair(op, (0.05, -7), (0.05, -7), None, result="bool"),
        to_bool("unequal scales", "int8", _PER_CHANNEL, (0.031, -7), (0.0553, 22)),
        to_bool("scales that nothing is left of", "int8", a=(1e-3, 127), b=(4e-4, -128)),
        to_bool("a constant", "int8", ((1, 9), (1,)), (0.05, 3), (0.9, 1), constant="b"),
        itself(op, "int8", (0.04, -11), None, result="bool"),
        to_bool("int16", "int16", _PER_CHANNEL, (0.002, 0), (0.004, 0)),
        to_bool("int32", "int32", _PER_CHANNEL, constant="b", data=few.astype(np.int32)),
        to_bool("int32 ends", "int32", ((1, 4), (1, 4)), feed=extremes("int32", *ends)),
        to_bool("int64 ends", "int64", ((1, 4), (1, 4)), feed=extremes("int64", *wide)),
        to_bool("float", shapes=_PER_CHANNEL),
        to_bool("float ends", shapes=((1, 6), (1, 6)), feed=extremes("float32", *reals)),
        to_bool("bool", "bool", ((1, 2, 1), (1, 1, 2)), feed=both_bools),
    )


def both_bools() -> list[np.ndarray]:
    """A feed of all pairs."""
    both = np.array([False, True])
    return [both.reshape(1, 1, 2, 1), both.reshape(1, 1, 1, 2)]
