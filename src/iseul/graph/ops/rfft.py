# SPDX-License-Identifier: Apache-2.0
"""Spectrum of real signals: length / 2 + 1 complex values, real and imaginary parts in turn.

int16, int32: KISS FFT's fixed point, which divides by the length on the way (numerics/fft.py;
              TensorFlow Lite Micro: signal/src/rfft_int16.cc, rfft_int32.cc)
float:        unscaled (signal/src/rfft_float.cc)
Inputs: x (..., n); n <= length, zeros are added behind. Output: (..., length + 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import ShapeError
from iseul.graph.ops import _signal as signal
from iseul.graph.ops import _spectrum as spectrum
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics import fft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = signal.vector_stays
Attrs = spectrum.Attrs
constraints = spectrum.constraints


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with the last axis as a spectrum. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    if not x or not 1 <= x[-1] <= attrs.length:
        raise ShapeError(f"signals of {x} do not fit into length {attrs.length}")
    return ((*x[:-1], attrs.length + 2),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        made = np.fft.rfft(x, attrs.length)
        parts = np.stack([made.real, made.imag], axis=-1)
        return [parts.reshape(*x.shape[:-1], -1).astype(np.float32)]
    padding = [(0, 0)] * (x.ndim - 1) + [(0, attrs.length - x.shape[-1])]
    whole = np.pad(x.astype(np.int64), padding)
    return [fft.real_transform(whole, spectrum.BITS[io.dtype]).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable; integers the same, without a gradient."""
    import torch

    if io.outputs[0].is_float:
        made = torch.fft.rfft(inputs[0], attrs.length)
        return [torch.view_as_real(made).flatten(-2)]
    return signal.torch_by(run, attrs, inputs, io)
