# SPDX-License-Identifier: Apache-2.0
"""Signals delayed by some samples; int16. Outputs: the delayed signal, what is held.

Feed the second output back into the second input as a state
(TensorFlow Lite Micro: signal/micro/kernels/delay.cc).
Inputs: x (..., n); held (..., d), the samples before x.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

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
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shapes of both inputs. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, held = inputs[0].shape, inputs[1].shape
    if not x or x[:-1] != held[:-1] or len(x) != len(held):
        raise ShapeError(f"input {x} and samples held {held} must differ in the last axis only")
    return (x, held)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    whole = np.concatenate([inputs[1], inputs[0]], axis=-1)
    n = inputs[0].shape[-1]
    return [whole[..., :n], whole[..., n:]]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("int16", "int16", "int16", "int16"),)
