# SPDX-License-Identifier: Apache-2.0
"""GELU of each element: x times the probability that a normal number is below x.

approximate "none":  x / 2 * (1 + erf(x / sqrt(2)))
approximate "tanh":  x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3)))
int8, int16:         a table (TensorFlow Lite: kernels/gelu.cc, reference/gelu.h, which writes the
                     first form with erfc; TensorFlow Lite Micro does not have the op)
Inputs: x of any shape.
Paper: Hendrycks, Gimpel: Gaussian Error Linear Units, 2016.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _pointwise as pointwise
from iseul.numerics.lut import correctly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array
    from iseul.numerics.lut import Function, Reals

BATCHED = True
infer = pointwise.infer
constraints = pointwise.TABLED

_erfc = correctly(np.vectorize(math.erfc, otypes=[np.float64]))


class Attrs(Config):
    approximate: Literal["none", "tanh"] = Field(
        default="none", description="none: with the error function; tanh: with tanh"
    )


def function_of(attrs: Attrs) -> Function:
    """What the op computes, in float32 steps."""

    def exact(x: Reals) -> Reals:
        return np.float32(0.5) * x * _erfc(x * np.float32(-math.sqrt(0.5)))

    def with_tanh(x: Reals) -> Reals:
        inner = np.float32(math.sqrt(2 / math.pi)) * (x + np.float32(0.044715) * x * x * x)
        return np.float32(0.5) * x * (np.float32(1) + correctly(np.tanh)(inner))

    return exact if attrs.approximate == "none" else with_tanh


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [pointwise.run_tabled(function_of(attrs), inputs[0], io)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        return [torch.nn.functional.gelu(inputs[0], approximate=attrs.approximate)]
    return [pointwise.run_tabled_torch(function_of(attrs), inputs[0], io)]
