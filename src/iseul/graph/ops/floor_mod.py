# SPDX-License-Identifier: Apache-2.0
"""Remainder of the quotient rounded down, with numpy's broadcasting; it has b's sign.

float32: C's fmod, which is exact, plus b where the signs differ (TensorFlow Lite Micro:
         reference/floor_mod.h). A divisor of 0 gives NaN.
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
    a, b = inputs
    with np.errstate(all="ignore"):
        rest = np.fmod(a, b)
        return [np.where((rest != 0) & ((b < 0) != (rest < 0)), rest + b, rest)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning."""
    import torch

    a, b = inputs
    # in double: torch's float32 version is NaN for quotients beyond float32
    rest = torch.fmod(a.double(), b.double()).to(a.dtype)
    return [torch.where((rest != 0) & ((b < 0) != (rest < 0)), rest + b, rest)]


constraints = (broadcast.one_kind("float32"),)
