# SPDX-License-Identifier: Apache-2.0
"""Quotient rounded down, of two values with numpy's broadcasting: floor(a / b).

float32: divided and rounded down in double, then rounded to float32 (TensorFlow Lite Micro:
         reference/floor_div.h). A divisor of 0, which the reference refuses at run time, gives
         an infinity or NaN.
Inputs: a, b.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = broadcast.is_batched
Attrs = broadcast.Attrs
infer = broadcast.infer


def run(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    a, b = (x.astype(np.float64) for x in inputs)
    with np.errstate(all="ignore"):
        return [np.floor(a / b).astype(np.float32)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning."""
    a, b = inputs
    return [(a.double() / b.double()).floor().to(a.dtype)]


constraints = (broadcast.one_kind("float32"),)
