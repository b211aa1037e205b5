# SPDX-License-Identifier: Apache-2.0
"""Signals shifted left as far as 15 bits hold them; int16. Outputs: the signal, the shift (int32).

The shift is that of the largest magnitude. -2^15 has none in 16 bits: what counts then is the
signal behind the last one, as in the reference, and sums wrap round
(TensorFlow Lite Micro: signal/src/fft_auto_scale.cc, max_abs.cc).
Inputs: x (n).
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

BATCHED = False  # all values have one shift


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape, and a scalar. Raises ShapeError."""
    expect_inputs(inputs, 1)
    if len(inputs[0].shape) != 1 or inputs[0].shape[0] < 1:
        raise ShapeError(f"input {inputs[0].shape} must have one axis")
    return (inputs[0].shape, ())


def largest(x: Array) -> int:
    """The largest magnitude as 16 bits hold it. x: (n) int16."""
    lowest = np.flatnonzero(x == -(2**15))
    if not len(lowest):
        return int(np.abs(x.astype(np.int64)).max())
    most = -(2**15)
    for value in x[lowest[-1] + 1 :].tolist():
        if value > most:
            most = value
        elif -value > most:
            most = -value
    return most


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    most = largest(inputs[0])
    bits = max(0, 15 - most.bit_length()) if most >= 0 else 0
    scaled = (inputs[0].astype(np.int64) << bits).astype(np.int16)
    return [scaled, np.asarray(bits, np.int32)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("int16", "int16", "int32"),)
