# SPDX-License-Identifier: Apache-2.0
"""Overlapping frames added up to a signal; int16 or float. Outputs: the signal, what is held.

Each frame is added to what is held, whose first values are put out and make room for zeros.
int16 sums saturate. Feed the second output back into the second input as a state
(TensorFlow Lite Micro: signal/src/overlap_add.cc).
Inputs: x (..., F, n), F frames; held (..., n). Output: (..., F * frame_step).
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

BATCHED = signal.vector_stays


class Attrs(Config):
    frame_step: Size = Field(default=1, description="values that a frame puts out; at most n")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The signal's shape, and that of what is held. Raises ShapeError."""
    expect_inputs(inputs, 2)
    x, held = inputs[0].shape, inputs[1].shape
    if len(x) < 2 or (*x[:-2], x[-1]) != held:
        raise ShapeError(f"frames {x} do not go with values held {held}")
    if attrs.frame_step > x[-1]:
        raise ShapeError(f"step {attrs.frame_step} of frames of {x[-1]}, must be at most as much")
    return ((*x[:-2], x[-2] * attrs.frame_step), held)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, held = inputs
    parts = []
    for i in range(x.shape[-2]):
        if io.outputs[0].is_float:
            held = held + x[..., i, :]
        else:
            total = held.astype(np.int64) + x[..., i, :]
            held = np.clip(total, -(2**15), 2**15 - 1).astype(np.int16)
        parts.append(held[..., : attrs.frame_step])
        rest = np.zeros_like(parts[-1])
        held = np.concatenate([held[..., attrs.frame_step :], rest], axis=-1)
    return [np.concatenate(parts, axis=-1), held]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x, held = inputs
    parts = []
    for i in range(x.shape[-2]):
        held = held + x[..., i, :]
        if not io.outputs[0].is_float:
            held = held.clamp(-(2**15), 2**15 - 1)
        parts.append(held[..., : attrs.frame_step])
        held = torch.cat([held[..., attrs.frame_step :], torch.zeros_like(parts[-1])], -1)
    return [torch.cat(parts, -1), held]


def one_kind(attrs: Attrs, io: Io) -> str | None:
    """values are all int16 or all float32"""
    found = {value.dtype for value in (*io.inputs, *io.outputs)}
    return None if found in ({"int16"}, {"float32"}) else f"values are {', '.join(sorted(found))}"


constraints = (one_kind,)
