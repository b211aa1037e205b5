# SPDX-License-Identifier: Apache-2.0
"""What ops share that move values and compute nothing: rules, axes, stacked samples.

They take every dtype. A copied integer means the same real only where input and output have the
same quantization, so that is a rule of all of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iseul.core.errors import ShapeError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics.affine import Quantization

MAX_AXES = 8  # as many as a value of a TFLite file has; bounds the loops of kernels


def few_axes(shape: Shape) -> None:
    """Raise ShapeError for more than `MAX_AXES` axes."""
    if len(shape) > MAX_AXES:
        raise ShapeError(f"{len(shape)} axes, must be at most {MAX_AXES}")


def whole_axis(axis: int, rank: int) -> int:
    """The axis counted from the front. Raises ShapeError unless -rank <= axis < rank."""
    if not -rank <= axis < rank:
        raise ShapeError(f"axis {axis} of a value with {rank} axes")
    return axis % rank


def moved_values(io: Io) -> tuple[Value, ...]:
    """The values whose elements are moved: the first input and the outputs."""
    return (io.inputs[0], *io.outputs)


def same_dtype(attrs: Any, io: Io) -> str | None:
    """input and output have the same dtype"""
    first = io.inputs[0]
    for out in io.outputs:
        if out.dtype != first.dtype:
            return f"input is {first.dtype}, output is {out.dtype}"
    return None


def whole_bytes(attrs: Any, io: Io) -> str | None:
    """values have whole bytes: float32, bool, or integers of 8 to 64 bits"""
    packed = [v.name for v in moved_values(io) if v.dtype == "int4" and not v.is_constant]
    return f'"{packed[0]}" is int4' if packed else None


def same_quantization(attrs: Any, io: Io) -> str | None:
    """input and output have the same scale and zero point"""
    return next(filter(None, (_differs(io.inputs[0], out) for out in io.outputs)), None)


def _differs(first: Value, last: Value) -> str | None:
    if first.is_float or first.quant == last.quant:
        return None
    return f'"{first.name}" has {first.quant}, "{last.name}" has {last.quant}'


def one_scale(attrs: Any, io: Io) -> str | None:
    """integers that stand for reals have one scale"""
    for value in moved_values(io):
        if value.quant is not None and value.quant.per_channel:
            return f'"{value.name}" has {len(value.quant.scale)} scales'
    return None


def along(quant: Quantization | None, axes: Sequence[int]) -> Quantization | None:
    """The quantization after output axis i became input axis axes[i]; scales per channel move."""
    if quant is None or quant.axis is None:
        return quant
    return replace(quant, axis=list(axes).index(quant.axis))


MOVES = (same_dtype, whole_bytes, one_scale, same_quantization)


def stacked(arrays: Sequence[Any], axis: int) -> list[Any]:
    """Arrays or tensors of one op, where some carry stacked samples along axis 0 and constants
    do not: those are repeated. Nothing is repeated where values are joined along axis 0.
    """
    n = max((len(x) for x in arrays if x.ndim), default=1)
    if axis == 0:
        return list(arrays)
    return [repeated(x, n) for x in arrays]


def repeated(x: Any, n: int) -> Any:
    """An array or tensor (1, ...) as (n, ...); anything else as it is."""
    if x.ndim == 0 or len(x) == n or len(x) != 1:
        return x
    return x.repeat(n, 0) if hasattr(x, "astype") else x.expand(n, *x.shape[1:])


def all_same_dtype(attrs: Any, io: Io) -> str | None:
    """inputs and output have the same dtype"""
    kinds = {value.dtype for value in (*io.inputs, *io.outputs)}
    return None if len(kinds) == 1 else f"dtypes are {', '.join(sorted(kinds))}"


def all_same_quantization(attrs: Any, io: Io) -> str | None:
    """inputs and output have the same scale and zero point"""
    last = io.outputs[0]
    return next(filter(None, (_differs(x, last) for x in io.inputs)), None)


def all_one_scale(attrs: Any, io: Io) -> str | None:
    """integers that stand for reals have one scale"""
    return next(
        (
            f'"{v.name}" has {len(v.quant.scale)} scales'
            for v in (*io.inputs, *io.outputs)
            if v.quant is not None and v.quant.per_channel
        ),
        None,
    )


JOINS = (all_same_dtype, whole_bytes, all_one_scale, all_same_quantization)
