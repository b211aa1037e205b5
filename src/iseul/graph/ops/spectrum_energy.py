# SPDX-License-Identifier: Apache-2.0
"""Energy of a spectrum: re^2 + im^2 of the values start .. end - 1, 0 of the others.

(TensorFlow Lite Micro: signal/src/energy.cc, which leaves the others as they were.)
Inputs: x (..., 2 n) int16, real and imaginary parts in turn. Output: (..., n) uint32.
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
    start: int = Field(default=0, ge=0, le=1 << 20, description="first value that counts")
    end: int = Field(default=1 << 20, ge=0, le=1 << 20, description="first value behind them")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with half as many values. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    if not x or x[-1] < 2 or x[-1] % 2:
        raise ShapeError(f"input {x} has no pairs of values along its last axis")
    return ((*x[:-1], x[-1] // 2),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0].astype(np.int64)
    energy = x[..., 0::2] ** 2 + x[..., 1::2] ** 2
    energy[..., : attrs.start] = 0
    energy[..., attrs.end :] = 0
    return [energy.astype(np.uint32)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("int16", "uint32"),)
