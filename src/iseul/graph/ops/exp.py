# SPDX-License-Identifier: Apache-2.0
"""Exponential of each element.

int8, int16:  a table (TensorFlow Lite: kernels/exp.cc; TensorFlow Lite Micro has floats only)
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _pointwise as pointwise
from iseul.numerics.lut import correctly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
Attrs = pointwise.Attrs
infer = pointwise.infer
constraints = pointwise.TABLED
function = correctly(np.exp)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [pointwise.run_tabled(function, inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return [inputs[0].exp()]
    return [pointwise.run_tabled_torch(function, inputs[0], io)]
