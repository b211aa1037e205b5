# SPDX-License-Identifier: Apache-2.0
"""What ops on several operands share: numpy's broadcasting, number kinds, fused activations.

Number kinds: float32; int8 and int16 that stand for reals (int16 with zero point 0); int32 and
int64 that are plain integers and wrap around. TensorFlow Lite Micro's kernels of ADD, SUB, MUL,
DIV and SQUARED_DIFFERENCE know the same kinds.
Operands may have fewer axes than the result, as in numpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import expect_inputs
from iseul.numerics.affine import INTEGER_RANGE, Activation, real_range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.graph.ops._quantized import Rule
    from iseul.numerics import Array

NARROW = ("int8", "int16")  # integers that stand for reals
PLAIN = ("int32", "int64")  # integers that are themselves


class Attrs(Config):
    pass


class FusedAttrs(Config):
    activation: Activation = Field(default="none", description="clamp fused into the output")


# --- shapes


def shape_of(inputs: Sequence[Value]) -> Shape:
    """The shape that all operands together have. Raises ShapeError."""
    try:
        return tuple(np.broadcast_shapes(*(value.shape for value in inputs)))
    except ValueError:
        found = " and ".join(str(value.shape) for value in inputs)
        raise ShapeError(f"shapes {found} do not broadcast") from None


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The broadcast shape of two operands. Raises ShapeError."""
    expect_inputs(inputs, 2)
    return (shape_of(inputs),)


def is_batched(attrs: Any, io: Io) -> bool:
    """Samples are stacked along axis 0, so that axis must stand at the same place in all
    computed operands, and no constant may have more than one number along it.
    """
    rank = len(io.outputs[0].shape)
    return rank > 0 and all(
        len(value.shape) < rank or value.shape[0] == 1
        if value.is_constant
        else len(value.shape) == rank
        for value in io.inputs
    )


# --- arithmetic


class Arithmetic(NamedTuple):
    """One operation on two operands, per number kind; arrays and tensors alike.

    real:     float operands
    narrow:   (a, b, io): int64 q of int8 or int16 operands to q of the output, not yet clamped
    plain:    int64 arrays or tensors of plain integers, wrapped to the dtype
    """

    real: Callable[[Any, Any], Any]
    narrow: Callable[[Any, Any, Io], Any]
    plain: Callable[[Any, Any], Any]


def run(attrs: Any, inputs: Sequence[Array], io: Io, *, arithmetic: Arithmetic) -> list[Array]:
    """numpy meaning."""
    if io.outputs[0].is_float:
        with np.errstate(all="ignore"):  # IEEE's infinities and NaN are results
            real = arithmetic.real(*inputs).astype(np.float32, copy=False)
        return [quantized.clamp_real(real, _activation(attrs))]
    wide = [x.astype(np.int64) for x in inputs]
    return [_whole(attrs, wide, io, arithmetic).astype(io.dtype)]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io, *, arithmetic: Arithmetic) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return [quantized.clamp_torch(arithmetic.real(*inputs), _activation(attrs))]
    return [_whole(attrs, inputs, io, arithmetic)]


def _whole(attrs: Any, inputs: Sequence[Any], io: Io, arithmetic: Arithmetic) -> Any:
    """int64 arrays or tensors to those of the output."""
    if io.dtype in NARROW:
        q = arithmetic.narrow(inputs[0], inputs[1], io)
        return quantized.clamp_integers(q, io, _activation(attrs))
    return arithmetic.plain(*inputs).clip(*plain_range(_activation(attrs), io.dtype))


def _activation(attrs: Any) -> Activation:
    return attrs.activation if isinstance(attrs, FusedAttrs) else "none"


def plain_range(activation: Activation, dtype: str) -> tuple[int, int]:
    """Clamp of a fused activation on integers that are themselves."""
    low, high = INTEGER_RANGE[dtype]
    real_low, real_high = real_range(activation)
    return (
        max(low, int(real_low)) if np.isfinite(real_low) else low,
        min(high, int(real_high)) if np.isfinite(real_high) else high,
    )


# --- rules; the docstring is printed when one is broken and becomes the support table


def one_kind(*kinds: str) -> Rule:
    """The rule that operands and result have one dtype, which is one of `kinds`."""

    def rule(attrs: Any, io: Io) -> str | None:
        return other_kinds((*io.inputs, *io.outputs), kinds)

    rule.__name__ = f"one_kind_{'_'.join(kinds)}"
    rule.__doc__ = f"operands and result are {' or '.join(f'all {kind}' for kind in kinds)}"
    return rule


def other_kinds(values: Sequence[Value], kinds: Sequence[str]) -> str | None:
    """What the dtypes are, unless all values have one of `kinds`."""
    if len({value.dtype for value in values}) == 1 and values[0].dtype in kinds:
        return None
    return ", ".join(f'"{value.name}" is {value.dtype}' for value in values)


def quantized_by_kind(attrs: Any, io: Io) -> str | None:
    """int8 and int16 values have one scale (int16: zero point 0), wider integers none"""
    for value in (*io.inputs, *io.outputs):
        if value.dtype in NARROW and value.quant is None:
            return f'"{value.name}" is {value.dtype} without quantization'
        if value.quant is None:
            continue
        if value.dtype in PLAIN:
            return f'"{value.name}" is {value.dtype} with quantization'
        if value.quant.per_channel:
            return f'"{value.name}" has {len(value.quant.scale)} scales'
        if value.dtype == "int16" and value.quant.zero_point[0]:
            return f'"{value.name}" is int16 with zero point {value.quant.zero_point[0]}'
    return None


def quantized_alike(attrs: Any, io: Io) -> str | None:
    """integers that are handed on keep their scale and zero point"""
    last = io.outputs[0]
    for value in io.inputs:
        if value.dtype == last.dtype and value.quant != last.quant:
            return f'"{value.name}" has {value.quant}, "{last.name}" has {last.quant}'
    return None


def is_quantized(io: Io) -> bool:
    """Whether rules may compute with the scales of all values."""
    return io.dtype in NARROW and all(v.quant is not None for v in (*io.inputs, *io.outputs))


def reach(value: Value) -> int:
    """Largest |q - zero_point|: of a constant its own, else of the dtype."""
    if value.data is None:
        return quantized.reach(value)
    centred = np.abs(value.data.astype(np.int64) - quantized.zero_point(value))
    return int(centred.max(initial=0))
