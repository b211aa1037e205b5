# SPDX-License-Identifier: Apache-2.0
"""One-hot: a new axis that holds `on` at the place that an index names, `off` elsewhere.

An index outside 0 .. depth - 1 names no place (TensorFlow Lite: kernels/one_hot.cc).
Inputs: indices of int32 or int64. The output value's dtype says what on and off are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.graph.ops import _moving as moving
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import Size, expect_inputs
from iseul.numerics import affine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array


class Attrs(Config):
    depth: Size = Field(default=1, description="size of the new axis; >= 1")
    axis: int = Field(default=-1, description="the new axis; negative ones count from the end")
    on: float = Field(default=1.0, ge=-3e38, le=3e38, description="real number at the index")
    off: float = Field(default=0.0, ge=-3e38, le=3e38, description="real number elsewhere")


def batch_axis_stays(attrs: Attrs, io: Io) -> bool:
    """Whether stacked samples stay stacked along axis 0."""
    return attrs.axis % len(io.outputs[0].shape) != 0


BATCHED = batch_axis_stays


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The shape with an axis more. Raises ShapeError."""
    expect_inputs(inputs, 1)
    x = inputs[0].shape
    axis = moving.whole_axis(attrs.axis, len(x) + 1)
    out = (*x[:axis], attrs.depth, *x[axis:])
    moving.few_axes(out)
    return (out,)


def numbers(attrs: Attrs, io: Io) -> tuple[float, float]:
    """On and off as the output holds them: integers by its quantization, if it has one."""
    out = io.outputs[0]
    if out.is_float:
        return attrs.on, attrs.off
    if out.quant is None:
        return int(attrs.on), int(attrs.off)
    reals = np.array([attrs.on, attrs.off], np.float32)
    on, off = affine.quantize(reals, out.quant, out.dtype).tolist()
    return on, off


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning."""
    on, off = numbers(attrs, io)
    places = np.arange(attrs.depth)
    axis = attrs.axis % (inputs[0].ndim + 1)
    hit = np.moveaxis(inputs[0][..., None] == places, -1, axis)
    return [np.where(hit, on, off).astype(affine.storage(io.outputs[0].dtype))]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning; indices may come as reals that are whole."""
    import torch

    on, off = numbers(attrs, io)
    x = inputs[0].long()
    hit = (x[..., None] == torch.arange(attrs.depth, device=x.device)).movedim(
        -1, attrs.axis % (x.ndim + 1)
    )
    if io.dtype == "bool":
        return [hit if on else ~hit]
    kind = torch.float32 if io.outputs[0].is_float else torch.int64
    return [torch.where(hit, torch.tensor(on, dtype=kind), torch.tensor(off, dtype=kind))]


def indices_are_integers(attrs: Attrs, io: Io) -> str | None:
    """indices are int32 or int64"""
    found = io.inputs[0]
    return None if found.dtype in ("int32", "int64") else f'"{found.name}" is {found.dtype}'


def numbers_fit(attrs: Attrs, io: Io) -> str | None:
    """on and off are numbers of the output's kind, and differ if it is bool"""
    out = io.outputs[0]
    if out.is_float or out.quant is not None:
        return None
    low, high = affine.INTEGER_RANGE.get(out.dtype, (0, 1))
    pair = (attrs.on, attrs.off)
    fit = all(low <= x <= high and x == int(x) for x in pair)
    if fit and (out.dtype != "bool" or attrs.on != attrs.off):
        return None
    return f'"{out.name}" is {out.dtype}, on and off are {attrs.on:g} and {attrs.off:g}'


def whole_bytes(attrs: Attrs, io: Io) -> str | None:
    """the output has whole bytes: float32, bool, or integers of 8 to 64 bits"""
    out = io.outputs[0]
    return f'"{out.name}" is int4' if out.dtype == "int4" else None


def one_scale(attrs: Attrs, io: Io) -> str | None:
    """integers that stand for reals have one scale"""
    out = io.outputs[0]
    scales = quantized.quant_of(out).scale if out.quant is not None else ()
    return f'"{out.name}" has {len(scales)} scales' if len(scales) > 1 else None


constraints = (indices_are_integers, whole_bytes, one_scale, numbers_fit)
