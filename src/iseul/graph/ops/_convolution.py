# SPDX-License-Identifier: Apache-2.0
"""What convolutions share: attributes, shape checks, macs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _spatial as spatial
from iseul.graph.ops._hybrid import INPUT_QUANTIZATION, InputQuantization
from iseul.graph.ops._shape import REQUANTIZATION, Pad, Size
from iseul.numerics.affine import Activation
from iseul.numerics.float_requantize import Requantization

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.graph.ops._spatial import Pads


class Attrs(Config):
    stride: tuple[Size, Size] = Field(default=(1, 1), description="rows, columns; >= 1")
    dilation: tuple[Size, Size] = Field(default=(1, 1), description="rows, columns; >= 1")
    pads: tuple[Pad, Pad, Pad, Pad] = Field(
        default=(0, 0, 0, 0), description="top, bottom, left, right; >= 0"
    )
    activation: Activation = Field(default="none", description="clamp fused into the output")
    requantization: Requantization = REQUANTIZATION
    input_quantization: InputQuantization = INPUT_QUANTIZATION


def output(attrs: Attrs, inputs: Sequence[Value], n_channels: int) -> Shape:
    """(N, H_out, W_out, C_out) for weights with their window on axes 1 and 2; checks the bias."""
    x, w = inputs[0].shape, inputs[1].shape
    if len(inputs) > 2 and inputs[2].shape != (n_channels,):
        raise ShapeError(f"bias has shape {inputs[2].shape}, must be ({n_channels},)")
    if min(*w, *x) < 1:
        raise ShapeError(f"input {x} and weights {w} must have no empty axis")
    h, width = spatial.output_shape(x, (w[1], w[2]), attrs.stride, attrs.dilation, attrs.pads)
    return (x[0], h, width, n_channels)


def groups(x: Shape, w: Shape) -> int:
    """Groups of channels of a convolution of x (N,H,W,C) with weights (O,kH,kW,I): C / I.

    0 if the channels do not fit.
    """
    if w[3] < 1 or x[3] % w[3]:
        return 0
    n = x[3] // w[3]
    return n if n and w[0] % n == 0 else 0


def symmetric(pads: Pads) -> bool:
    """Whether torch's own padding argument can express the pads."""
    return pads[0] == pads[1] and pads[2] == pads[3]


def window_macs(attrs: Attrs, io: Io) -> int:
    """Multiply-accumulates of a full convolution, taps on padding counted."""
    return io.outputs[0].n_elements * int(np.prod(io.inputs[1].shape[1:]))
