# SPDX-License-Identifier: Apache-2.0
"""Real signals of spectra: the inverse of rfft.

int16, int32: KISS FFT's fixed point, which divides by the length on the way (numerics/fft.py;
              TensorFlow Lite Micro: signal/src/irfft_int16.cc, irfft_int32.cc)
float:        divided by the length (signal/src/irfft_float.cc)
The imaginary parts of the first and the last value do not count.
Inputs: x (..., length + 2), real and imaginary parts in turn. Output: (..., length).
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
    """The shape with the last axis as a signal. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    if not x or x[-1] != attrs.length + 2:
        raise ShapeError(f"spectra of {x} must have {attrs.length + 2} values")
    return ((*x[:-1], attrs.length),)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        made = np.fft.irfft(x[..., 0::2] + 1j * x[..., 1::2], attrs.length)
        return [made.astype(np.float32)]
    return [fft.real_inverse(x.astype(np.int64), spectrum.BITS[io.dtype]).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable; integers the same, without a gradient."""
    import torch

    x = inputs[0]
    if io.outputs[0].is_float:
        return [torch.fft.irfft(torch.complex(x[..., 0::2], x[..., 1::2]), attrs.length)]
    return signal.torch_by(run, attrs, inputs, io)
