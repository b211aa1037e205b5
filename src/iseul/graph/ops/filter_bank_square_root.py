# SPDX-License-Identifier: Apache-2.0
"""Square roots of 64-bit integers, rounded, then shifted right; uint64 to uint32.

A root that would round up beyond 16 bits (below 2^32) or 32 bits is cut off
(TensorFlow Lite Micro: signal/src/square_root_32.cc, square_root_64.cc).
Inputs: x (...) uint64; bits () int32, how far the roots are shifted, 0 .. 31.
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

BATCHED = False  # the shift is one for all


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 2)
    if inputs[1].n_elements != 1:
        raise ShapeError(f"the shift has shape {inputs[1].shape}, must be one number")
    return (inputs[0].shape,)


def rounded_root(x: Array) -> Array:
    """Roots of uint64, rounded to nearest, as uint64."""
    root = np.sqrt(x.astype(np.float64)).astype(np.uint64)
    root = np.minimum(root, np.uint64(2**32 - 1))
    for _ in range(2):  # the float root is at most one off
        root = root - (root * root > x)
        above = np.minimum(root + np.uint64(1), np.uint64(2**32 - 1))
        root = np.where(above * above <= x, above, root)
    most = np.where(x >> 32 == 0, np.uint64(2**16 - 1), np.uint64(2**32 - 1))
    return np.where((x - root * root > root) & (root != most), root + np.uint64(1), root)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    bits = int(inputs[1].reshape(())) & 31
    return [(rounded_root(inputs[0]) >> bits).astype(np.uint32)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: the same integers, without a gradient."""
    return signal.torch_by(run, attrs, inputs, io)


constraints = (signal.kinds("uint64", "int32", "uint32"),)
