# SPDX-License-Identifier: Apache-2.0
"""A signal cut into overlapping frames; int16.

Outputs: the frames; whether all of them are whole (bool), frames that are not hold zeros; the
samples held, the last ones at the end; how many they are (int32). Feed the last two back into
the last two inputs as states (TensorFlow Lite Micro: signal/micro/kernels/framer.cc, which
leaves frames that are not whole as they were in memory).
Inputs: x (..., n), n a multiple of frame_step; held (..., h), see `capacity`; count ().
Output: (..., n / frame_step, frame_size).
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

BATCHED = False  # the count is one for all


class Attrs(Config):
    frame_size: Size = Field(default=1, description="samples of a frame")
    frame_step: Size = Field(default=1, description="samples from one frame to the next")


def capacity(attrs: Attrs) -> int:
    """Samples that may be held: the frame in whole steps, less one step; at least 1."""
    return max(1, -(-attrs.frame_size // attrs.frame_step) * attrs.frame_step - attrs.frame_step)


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shapes of frames, flag, samples held, count. Raises ShapeError."""
    expect_inputs(inputs, 3)
    x, held = inputs[0].shape, inputs[1].shape
    if not x or x[-1] < 1 or x[-1] % attrs.frame_step:
        raise ShapeError(f"input {x} does not come in steps of {attrs.frame_step}")
    if held != (*x[:-1], capacity(attrs)) or inputs[2].shape != ():
        raise ShapeError(f"held {held} and count {inputs[2].shape} do not go with input {x}")
    frames = (*x[:-1], x[-1] // attrs.frame_step, attrs.frame_size)
    return (frames, (), held, ())


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, held, count = inputs
    size, step, most = attrs.frame_size, attrs.frame_step, held.shape[-1]
    before = min(max(int(count), 0), most)
    whole = np.concatenate([held[..., most - before :], x], axis=-1)
    n_frames, start = x.shape[-1] // step, 0
    frames = np.zeros((*x.shape[:-1], n_frames, size), np.int16)
    valid = True
    for i in range(n_frames):
        if before + (i + 1) * step - start >= size:
            frames[..., i, :] = whole[..., start : start + size]
            start += step
        else:
            valid = False
    # a count that no run of frames leads to could leave more than there is room for
    after = min(whole.shape[-1] - start, most)
    kept = np.zeros_like(held)
    kept[..., most - after :] = whole[..., whole.shape[-1] - after :]
    return [frames, np.asarray(valid), kept, np.asarray(after, np.int32)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("int16", "int16", "int32", "int16", "bool", "int16", "int32"),)
