# SPDX-License-Identifier: Apache-2.0
"""Signals times a window: (x * weight) >> shift, saturated; int16.

The shift rounds down (TensorFlow Lite Micro: signal/src/window.cc). An input that is several
times as long as the window meets it again and again.
Inputs: x (..., k * n); weights (n), constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _signal as signal
from iseul.graph.ops._shape import expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = signal.vector_stays


class Attrs(Config):
    shift: int = Field(default=12, ge=0, le=31, description="fractional bits of the weights")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, weights = inputs[0].shape, inputs[1].shape
    if len(weights) != 1 or weights[0] < 1 or not x or x[-1] % weights[0]:
        raise ShapeError(f"window {weights} does not divide the last axis of {x}")
    return (x,)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, weights = (array.astype(np.int64) for array in inputs)
    product = (x * np.tile(weights, x.shape[-1] // len(weights))) >> attrs.shift
    return [np.clip(product, -(2**15), 2**15 - 1).astype(np.int16)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("int16", "int16", "int16"), signal.constants(1))
