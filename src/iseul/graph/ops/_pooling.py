# SPDX-License-Identifier: Apache-2.0
"""What pooling ops share: attributes, shape rule, constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _spatial as spatial
from iseul.graph.ops._shape import Pad, Size, expect_inputs
from iseul.numerics.affine import Activation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value


class Attrs(Config):
    kernel_size: tuple[Size, Size] = Field(default=(2, 2), description="rows, columns; >= 1")
    stride: tuple[Size, Size] = Field(default=(2, 2), description="rows, columns; >= 1")
    pads: tuple[Pad, Pad, Pad, Pad] = Field(
        default=(0, 0, 0, 0), description="top, bottom, left, right; less than the kernel"
    )
    activation: Activation = Field(default="none", description="clamp fused into the output")


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """Output shape (N, H_out, W_out, C). Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    rows, columns = attrs.kernel_size
    if max(attrs.pads[:2]) >= rows or max(attrs.pads[2:]) >= columns:
        raise ShapeError(
            f"pads {attrs.pads} must be less than kernel_size {attrs.kernel_size}: "
            "a window would hold padding only"
        )
    if len(x) == 4 and min(x) < 1:
        raise ShapeError(f"input {x} must have no empty axis")
    h, w = spatial.output_shape(x, attrs.kernel_size, attrs.stride, (1, 1), attrs.pads)
    return ((x[0], h, w, x[3]),)


def positions(io: Io) -> tuple[int, int]:
    """(H_out, W_out)."""
    return io.outputs[0].shape[1], io.outputs[0].shape[2]


constraints = (
    quantized.kinds_among("float32", "int8", "int16"),
    quantized.quantized_per_tensor,
    quantized.same_quantization,
)
