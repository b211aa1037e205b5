# SPDX-License-Identifier: Apache-2.0
"""Noise taken away from the channels of a filter bank; uint32. Outputs: the rest, the estimate.

The estimate of the noise is a running mean that lives on: feed the second output back into the
second input as a state. At least a share of the signal remains. Even channels have one
smoothing, odd ones another (TensorFlow Lite Micro:
signal/src/filter_bank_spectral_subtraction.cc).
Inputs: x (C); estimate (C).
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

BATCHED = False  # channels are counted along the only axis


class Attrs(Config):
    smoothing: int = Field(default=409, ge=0, lt=2**31, description="weight of x, even channels")
    one_minus_smoothing: int = Field(
        default=15975, ge=0, lt=2**31, description="weight of the old estimate, even channels"
    )
    alternate_smoothing: int = Field(
        default=983, ge=0, lt=2**31, description="weight of x, odd channels"
    )
    alternate_one_minus_smoothing: int = Field(
        default=15401, ge=0, lt=2**31, description="weight of the old estimate, odd channels"
    )
    min_signal_remaining: int = Field(
        default=819, ge=0, lt=2**31, description="share of x that remains"
    )
    smoothing_bits: int = Field(
        default=10, ge=0, le=31, description="fractional bits of the estimate"
    )
    spectral_subtraction_bits: int = Field(
        default=14, ge=0, le=63, description="fractional bits of weights and share"
    )
    clamping: bool = Field(default=False, description="the estimate never exceeds x")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape, twice. Raises ShapeError."""
    expect_inputs(inputs, 2)
    if len(inputs[0].shape) != 1 or inputs[0].shape != inputs[1].shape:
        raise ShapeError(
            f"input {inputs[0].shape} and estimate {inputs[1].shape} must be alike, with one axis"
        )
    return (inputs[0].shape, inputs[0].shape)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x, before = (array.astype(np.uint64) for array in inputs)
    odd = np.arange(len(x)) % 2 == 1
    gain = np.where(odd, attrs.alternate_smoothing, attrs.smoothing).astype(np.uint64)
    kept = np.where(odd, attrs.alternate_one_minus_smoothing, attrs.one_minus_smoothing)
    bits = attrs.spectral_subtraction_bits
    scaled = _narrow(x << attrs.smoothing_bits)
    estimate = _narrow((scaled * gain + before * kept.astype(np.uint64)) >> bits)
    taken = np.minimum(estimate, scaled)
    least = _narrow((x * np.uint64(attrs.min_signal_remaining)) >> bits)
    rest = np.maximum((scaled - taken) >> attrs.smoothing_bits, least)
    return [rest.astype(np.uint32), (taken if attrs.clamping else estimate).astype(np.uint32)]


def _narrow(x: Array) -> Array:
    """uint64 as what 32 bits hold of it."""
    return x & np.uint64(2**32 - 1)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("uint32", "uint32", "uint32", "uint32"),)
