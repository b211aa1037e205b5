# SPDX-License-Identifier: Apache-2.0
"""ELU: x of each positive element, alpha * (exp(x) - 1) of the others.

int8:   a table; exp(x) is rounded to float32 before 1 is subtracted (TensorFlow Lite Micro:
        micro/kernels/elu.cc, where alpha is 1)
Inputs: x of any shape.
Paper: Clevert, Unterthiner, Hochreiter: Fast and Accurate Deep Network Learning by Exponential
       Linear Units, ICLR 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.lut import correctly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array
    from iseul.numerics.lut import Function, Reals

BATCHED = True
infer = pointwise.infer


class Attrs(Config):
    alpha: float = Field(default=1.0, ge=-1e30, le=1e30, description="-limit at -infinity")


def function_of(attrs: Attrs, io: Io) -> Function:
    """What the table is made of, or the float op itself."""
    alpha = np.float32(attrs.alpha)
    real = io.outputs[0].is_float

    def function(x: Reals) -> Reals:
        below = np.minimum(x, np.float32(0))
        grown = np.expm1(below) if real else correctly(np.exp)(below) - np.float32(1)
        return np.where(x < 0, alpha * grown, x)

    return function


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [pointwise.run_tabled(function_of(attrs, io), inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        return [torch.nn.functional.elu(inputs[0], attrs.alpha)]
    return [pointwise.run_tabled_torch(function_of(attrs, io), inputs[0], io)]


constraints = (quantized.kinds_float_or_int8, quantized.quantized_per_tensor)
