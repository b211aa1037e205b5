# SPDX-License-Identifier: Apache-2.0
"""Leaky ReLU: x of each positive element, alpha * x of the others.

int8, int16:  both sides are requantized with a multiplier of their own (TensorFlow Lite Micro:
              micro/kernels/leaky_relu_common.cc, reference/leaky_relu.h)
Inputs: x of any shape.
Paper: Maas, Hannun, Ng: Rectifier Nonlinearities Improve Neural Network Acoustic Models,
       ICML 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _pointwise as pointwise
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.requantize import quantize_multiplier, requantize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = True
infer = pointwise.infer


class Attrs(Config):
    alpha: float = Field(default=0.01, ge=-1e30, le=1e30, description="factor on negative elements")


class Multipliers(NamedTuple):
    """Integer constants; each pair is (multiplier, shift). That of alpha has its sign."""

    identity: tuple[int, int]
    alpha: tuple[int, int]


def multipliers(attrs: Attrs, io: Io) -> Multipliers:
    """The constants that TensorFlow Lite Micro computes in double at preparation."""
    first, last = (quantized.quant_of(v).scale[0] for v in (*io.inputs, *io.outputs))
    below = first * float(np.float32(attrs.alpha)) / last
    multiplier, shift = quantize_multiplier(abs(below))
    return Multipliers(
        quantize_multiplier(first / last), (-multiplier if below < 0 else multiplier, shift)
    )


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        return [np.where(x > 0, x, x * np.float32(attrs.alpha))]
    return [_integers(attrs, x.astype(np.int64), io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    if io.outputs[0].is_float:
        return [torch.nn.functional.leaky_relu(inputs[0], attrs.alpha)]
    return [_integers(attrs, inputs[0], io)]


def _integers(attrs: Attrs, x: Any, io: Io) -> Any:
    """int64 arrays or tensors of q to those of the output."""
    m = multipliers(attrs, io)
    centred = x - quantized.zero_point(io.inputs[0])
    q = requantize(centred.clip(0, None), *m.identity) + requantize(centred.clip(None, 0), *m.alpha)
    return quantized.clamp_integers(q + quantized.zero_point(io.outputs[0]), io)


def both_sides_fit(attrs: Attrs, io: Io) -> str | None:
    """rescaled integers fit into 32 bits, also after multiplication by alpha"""
    first, last = io.inputs[0], io.outputs[0]
    if first.is_float or first.quant is None or last.quant is None:
        return None
    ratio = first.quant.scale[0] / last.quant.scale[0] * max(1.0, abs(attrs.alpha))
    if ratio * quantized.reach(first) < 2.0**30:
        return None
    return f"scales are {first.quant.scale[0]:g} and {last.quant.scale[0]:g}, alpha {attrs.alpha:g}"


constraints = (*pointwise.TABLED, both_sides_fit)
