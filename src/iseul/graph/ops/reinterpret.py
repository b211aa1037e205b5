# SPDX-License-Identifier: Apache-2.0
"""Reinterpret: the same integers as those of another quantization.

TensorFlow Lite Micro's ops that move values copy integers without a look at quantizations. Where
a file gives input and output different ones, this says so: real y = gain * x + offset.
Inputs: x of any shape, an integer with one scale.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _moving as moving
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import same_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array
    from iseul.numerics.affine import Quantization

BATCHED = True


class Attrs(Config):
    gain: float = Field(default=1.0, gt=0, description="real out per real in; the scales' ratio")
    offset: float = Field(default=0.0, description="real out at real 0")


def attributes(first: Quantization, last: Quantization) -> dict[str, float]:
    """Gain and offset between two quantizations of one scale each."""
    s, z = last.scale[0], first.zero_point[0] - last.zero_point[0]
    return {"gain": s / first.scale[0], "offset": s * z}


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning: integers stay."""
    if io.outputs[0].is_float:
        return [inputs[0] * np.float32(attrs.gain) + np.float32(attrs.offset)]
    return [inputs[0]]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: integers stay; reals (fake-quantized graphs) are mapped."""
    if io.outputs[0].is_float:
        return [inputs[0] * attrs.gain + attrs.offset]
    return [inputs[0]]


def gain_and_offset_fit(attrs: Attrs, io: Io) -> str | None:
    """gain and offset are those between the quantizations"""
    first, last = io.inputs[0].quant, io.outputs[0].quant
    if first is None or last is None:
        return None
    want = attributes(first, last)
    close = [np.isclose(getattr(attrs, key), value, rtol=1e-6) for key, value in want.items()]
    return None if all(close) else f"they are {attrs.gain:g}, {attrs.offset:g}, not {want}"


constraints = (
    moving.same_dtype,
    moving.whole_bytes,
    quantized.kinds_among("int8", "int16", "int32"),
    quantized.quantized_per_tensor,
    gain_and_offset_fit,
)
