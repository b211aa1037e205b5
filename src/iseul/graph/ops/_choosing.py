# SPDX-License-Identifier: Apache-2.0
"""What minimum and maximum share: one of two numbers is handed on as it is.

TensorFlow Lite Micro: micro/kernels/maximum_minimum.cc. Integers are compared without regard to
their scales, so these must be the same. A comparison with NaN is false, so that b is handed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

    Prefers = Callable[[Any, Any], Any]  # (a, b) -> where a is handed on


def run(attrs: Any, inputs: Sequence[Array], io: Io, *, prefers: Prefers) -> list[Array]:
    """numpy meaning."""
    a, b = inputs
    return [np.where(prefers(a, b), a, b)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io, *, prefers: Prefers) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    a, b = inputs
    return [torch.where(prefers(a, b), a, b)]


constraints = (
    broadcast.one_kind("float32", "int8", "int16", "int32", "int64"),
    broadcast.quantized_alike,
)
