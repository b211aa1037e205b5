# SPDX-License-Identifier: Apache-2.0
"""Per-channel amplitude normalization: a gain that falls with the noise, then a soft root; uint32.

The gain is a piecewise polynomial in the estimate of the noise, from a table of 125 int16; then
x^2 / 4 below 2 and x - 1 above, in fixed point
(TensorFlow Lite Micro: signal/src/pcan_argc_fixed.cc).
Inputs: x (...); estimate (...); gains (125) int16, constant.
Paper: Wang, Getreuer, Hughes, Lyon, Saurous: Trainable Frontend for Robust and Far-Field Keyword
Spotting, ICASSP 2017.
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

GAINS = 125  # 4 for each of 32 bit lengths, less 3
_SNR_BITS, _OUTPUT_BITS = 12, 6


class Attrs(Config):
    snr_shift: int = Field(
        default=6, ge=0, le=63, description="right shift of gain times x to 12 fractional bits"
    )


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 3)
    if inputs[0].shape != inputs[1].shape:
        raise ShapeError(f"input {inputs[0].shape}, estimate {inputs[1].shape} must be the same")
    if inputs[2].shape != (GAINS,):
        raise ShapeError(f"gains have shape {inputs[2].shape}, must be {(GAINS,)}")
    return (inputs[0].shape,)


def gain(estimate: Array, gains: Array) -> Array:
    """Gain of each estimate as int16, held in int64. gains: (125) int64."""
    x = estimate.astype(np.int64)
    bits = np.frexp(x.astype(np.float64))[1].astype(np.int64)
    at = np.maximum(4 * bits - 6, 0)
    fraction = np.where(bits < 11, x << np.maximum(11 - bits, 0), x >> np.maximum(bits - 11, 0))
    fraction &= 0x3FF
    inner = ((gains[np.minimum(at + 2, GAINS - 1)] * fraction) >> 5) + 32 * gains[at + 1]
    y = ((inner * fraction + (1 << 14)) >> 15) + gains[at]
    return np.where(x <= 2, gains[np.minimum(x, 2)], y).astype(np.int16).astype(np.int64)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    narrow = np.uint64(2**32 - 1)
    factor = gain(inputs[1], inputs[2].astype(np.int64)).astype(np.uint64) & narrow
    snr = ((inputs[0].astype(np.uint64) * factor) >> attrs.snr_shift) & narrow
    root = ((snr * snr) & narrow) >> (2 + 2 * _SNR_BITS - _OUTPUT_BITS)
    line = (snr >> (_SNR_BITS - _OUTPUT_BITS)) - np.uint64(1 << _OUTPUT_BITS)
    return [np.where(snr < 2 << _SNR_BITS, root, line & narrow).astype(np.uint32)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("uint32", "uint32", "int16", "uint32"), signal.constants(2))
