# SPDX-License-Identifier: Apache-2.0
"""Natural logarithms of integers, scaled; uint32 to int16.

x is shifted left first (bits beyond 32 are lost); 0 and 1 give 0. The logarithm to base 2 comes
from a table of 128 segments, with linear interpolation
(TensorFlow Lite Micro: signal/src/filter_bank_log.cc, log.cc).
Inputs: x (...).
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

_SEGMENT_BITS, _BITS = 7, 16
_LN_2 = 45426  # ln 2 in 16 fractional bits
_HALF = 1 << (_BITS - 1)


class Attrs(Config):
    output_scale: int = Field(default=64, ge=0, lt=2**31, description="factor on the logarithm")
    input_correction_bits: int = Field(default=3, ge=0, le=31, description="left shift of x")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    if not inputs[0].shape:
        raise ShapeError("input has no axis")
    return (inputs[0].shape,)


def table() -> Array:
    """log2(1 + f) - f at f = 0, 1/128 .. 1 in 16 fractional bits, (129) int64."""
    f = np.arange((1 << _SEGMENT_BITS) + 1) / (1 << _SEGMENT_BITS)
    return np.floor((np.log2(1 + f) - f) * (1 << _BITS) + 0.5).astype(np.int64)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    narrow = 2**32 - 1
    x = (inputs[0].astype(np.int64) << attrs.input_correction_bits) & narrow
    whole = np.maximum(np.frexp(x.astype(np.float64))[1].astype(np.int64) - 1, 0)
    rest = x - (1 << whole)
    fraction = np.where(whole < _BITS, rest << np.maximum(_BITS - whole, 0), 0)
    fraction = np.where(whole < _BITS, fraction, rest >> np.maximum(whole - _BITS, 0))
    segment = np.maximum(fraction, 0) >> (_BITS - _SEGMENT_BITS)
    steps = table()
    low, high = steps[segment], steps[segment + 1]
    inside = fraction - (segment << (_BITS - _SEGMENT_BITS))
    log2 = (whole << _BITS) + fraction + low + (((high - low) * inside) >> _BITS)
    loge = (_LN_2 * log2 + _HALF) >> _BITS
    scaled = ((attrs.output_scale * loge + _HALF) & narrow) >> _BITS
    return [np.where(x > 1, np.minimum(scaled, 2**15 - 1), 0).astype(np.int16)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("uint32", "int16"),)
