# SPDX-License-Identifier: Apache-2.0
"""The last frames of features side by side, every `step` frames; int16.

Outputs: left + right + 1 frames, the oldest first; whether they are all there (bool), if not,
zeros; the values held, the last ones at the end; how many they are (int32), -1 before the first
frame, which counts left + 1 times. Feed the last two back into the last two inputs as states
(TensorFlow Lite Micro: signal/micro/kernels/stacker.cc, which leaves an output that is not
there as it was in memory).
Inputs: x (C); held (h), see `capacity`; count (). Output: (C * (left + right + 1)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _signal as signal
from iseul.graph.ops._shape import Size, expect_inputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = False  # one frame after the other


class Attrs(Config):
    left: int = Field(default=0, ge=0, le=1 << 16, description="frames before the middle one")
    right: int = Field(default=0, ge=0, le=1 << 16, description="frames behind the middle one")
    step: Size = Field(default=1, description="frames from one output to the next")


def capacity(attrs: Attrs, channels: int) -> int:
    """Values that may be held: all frames but one, at least 1 value."""
    return max(1, channels * (attrs.left + attrs.right))


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shapes of stack, flag, values held, count. Raises ShapeError."""
    expect_inputs(inputs, 3)
    x, held = inputs[0].shape, inputs[1].shape
    if len(x) != 1 or x[0] < 1:
        raise ShapeError(f"input {x} must have one axis")
    if held != (capacity(attrs, x[0]),) or inputs[2].shape != ():
        raise ShapeError(f"held {held} and count {inputs[2].shape} do not go with input {x}")
    if attrs.step > attrs.left + attrs.right + 1:
        raise ShapeError(f"step {attrs.step} skips frames of {attrs.left} + 1 + {attrs.right}")
    return ((x[0] * (attrs.left + attrs.right + 1),), (), held, ())


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, held, count = inputs
    most, size = len(held), len(x) * (attrs.left + attrs.right + 1)
    before = min(max(int(count), 0), most)
    first = int(count) < 0
    whole = np.concatenate([np.tile(x, attrs.left)] * first + [held[most - before :], x])
    valid = len(whole) >= size
    stack = whole[:size] if valid else np.zeros(size, np.int16)
    # a count that no run of frames leads to could leave more than there is room for
    after = min(len(whole) - (len(x) * attrs.step if valid else 0), most)
    kept = np.zeros_like(held)
    kept[most - after :] = whole[len(whole) - after :]
    return [stack, np.asarray(valid), kept, np.asarray(after, np.int32)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("int16", "int16", "int32", "int16", "bool", "int16", "int32"),)
