# SPDX-License-Identifier: Apache-2.0
"""What ops of each element alone share: no attributes, the input's shape, tables of a function.

A tabled op is a real function: on floats itself, on int8 its 256 results, on int16 straight lines
between 513 of its results (`numerics.lut`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.config import Config
from iseul.graph.ir import Io
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import same_shape
from iseul.numerics import lut
from iseul.numerics.affine import INTEGER_RANGE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Shape, Value
    from iseul.numerics import Array
    from iseul.numerics.lut import Function

BATCHED = True


class Attrs(Config):
    pass


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run_real(attrs: Any, inputs: Sequence[Array], io: Io, *, function: Function) -> list[Array]:
    """numpy meaning of an op that knows floats only."""
    with np.errstate(all="ignore"):
        return [function(inputs[0])]


def run_real_torch(attrs: Any, inputs: Sequence[Any], io: Io, *, name: str) -> list[Any]:
    """torch meaning of an op that knows floats only: torch's function of this name."""
    import torch

    return [getattr(torch, name)(inputs[0])]


def table_of(function: Function, io: Io) -> NDArray[np.int64]:
    """The op's table: 256 results for int8, 513 for int16."""
    make = lut.table_int8 if io.dtype == "int8" else lut.table_int16
    return make(function, quantized.quant_of(io.inputs[0]), quantized.quant_of(io.outputs[0]))


def run_tabled(function: Function, x: Array, io: Io) -> Array:
    """numpy meaning of a tabled op. function: what it computes, float32 to float32."""
    if io.outputs[0].is_float:
        with np.errstate(all="ignore"):
            return function(x)
    return _looked_up(x.astype(np.int64), table_of(function, io), io).astype(io.dtype)


def run_tabled_torch(function: Function, x: Any, io: Io) -> Any:
    """torch meaning of a tabled op on int64 tensors."""
    import torch

    return _looked_up(x, torch.tensor(table_of(function, io), device=x.device), io)


def _looked_up(x: Any, table: Any, io: Io) -> Any:
    return table[x + 128] if io.dtype == "int8" else lut.interpolate(x, table)


def every_integer(
    run: Callable[[Any, Sequence[Array], Io], list[Array]], attrs: Any, x: Any, io: Io
) -> Any:
    """torch meaning of an op on int8 or int16: its numpy meaning of all integers, looked up.

    x: int64 tensor
    """
    import torch

    low, high = INTEGER_RANGE[io.inputs[0].dtype]
    shape = (1, high - low + 1)
    wide = Io(
        tuple(replace(value, shape=shape) for value in io.inputs),
        tuple(replace(value, shape=shape) for value in io.outputs),
    )
    every = np.arange(low, high + 1).astype(io.inputs[0].dtype).reshape(shape)
    results = run(attrs, [every], wide)[0].reshape(-1)
    return torch.tensor(results.astype(np.int64), device=x.device)[x - low]


float_or_integers = quantized.kinds_among("float32", "int8", "int16")
TABLED = (float_or_integers, quantized.quantized_per_tensor)


def float_int8_int16_or_plain(attrs: Any, io: Io) -> str | None:
    """values are all float32, all int8 or int16 with one scale, or all int32 without"""
    first, last = io.inputs[0], io.outputs[0]
    if first.dtype != last.dtype or first.dtype not in ("float32", "int8", "int16", "int32"):
        return f"input is {first.dtype}, output is {last.dtype}"
    for value in (first, last):
        n_scales = 0 if value.quant is None else len(value.quant.scale)
        if n_scales != (1 if value.dtype in ("int8", "int16") else 0):
            return f'"{value.name}" is {value.dtype} with {n_scales} scales'
    return None
