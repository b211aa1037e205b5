# SPDX-License-Identifier: Apache-2.0
"""Softmax over the last axis: exp(beta * x) / sum exp(beta * x).

int8:   fixed-point exponentials of the distance to the row's maximum in Q5.26, summed in
        Q12.19, times a Newton-Raphson reciprocal; the output is int8 with scale 1/256 and zero
        point -128, or int16 with scale 2^-16 and zero point -32768. Only 256 distances exist, so
        the exponentials are a table
int16:  exponentials of the distance from -10 to 0 and the reciprocal of their sum by straight
        lines in tables of 513; the output is int16 with scale 2^-15
float factors: int8 with any output scale, exponentials in a table of float32 (ONNX Runtime); see
        `_float_requantized`
Inputs: x (..., K).
Source: TensorFlow Lite Micro: reference/softmax.h, micro/kernels/softmax_common.cc. Its int8
softmax stops where the exponentials add up to 512 or more; here all shares are 0 then, as they
are below half a step.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import Field

from iseul.core.config import Config
from iseul.core.errors import ShapeError
from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import REQUANTIZATION, expect_inputs
from iseul.numerics import fixed_point, lut
from iseul.numerics.affine import INTEGER_RANGE, per_tensor
from iseul.numerics.float_requantize import Requantization
from iseul.numerics.requantize import quantize_multiplier, requantize, rounding_divide_by_pot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array
    from iseul.numerics.affine import Quantization

DIFFERENCE_BITS = 5  # integer bits of the scaled distance, Q5.26
SUM_BITS = 12  # integer bits of the sum of exponentials, Q12.19
_MOST_FOR_INT16 = 4095  # exponentials of 1 that the sum holds


def BATCHED(attrs: Attrs, io: Io) -> bool:
    """Samples may be stacked unless the row is axis 0."""
    return len(io.inputs[0].shape) > 1


class Attrs(Config):
    beta: float = Field(default=1.0, gt=0, le=1e30, description="factor on x; > 0")
    requantization: Requantization = REQUANTIZATION


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    expect_inputs(inputs, 1)
    if not inputs[0].shape or inputs[0].shape[-1] < 1:
        raise ShapeError(f"input {inputs[0].shape} has no values along its last axis")
    return (inputs[0].shape,)


def multiplier(beta: float, io: Io) -> tuple[int, int, int]:
    """(multiplier, left shift, smallest distance that counts) of int8, from the input's scale."""
    beta = float(np.float32(beta))
    real = beta * quantized.quant_of(io.inputs[0]).scale[0] * 2.0 ** (31 - DIFFERENCE_BITS)
    factor, shift = quantize_multiplier(min(real, 2.0**31 - 1))
    widest = ((1 << DIFFERENCE_BITS) - 1) * 2.0 ** (31 - DIFFERENCE_BITS) / 2.0**shift
    return factor, shift, -math.floor(widest)


def exponentials(beta: float, io: Io) -> NDArray[np.int64]:
    """Q0.31 exponentials of the distances 0, -1, .. -255 to the maximum; 0: does not count."""
    factor, shift, smallest = multiplier(beta, io)
    distance = -np.arange(256, dtype=np.int64)
    counts = distance >= smallest
    scaled = fixed_point.high_mul(np.where(counts, distance, 0) << shift, factor)
    return np.where(counts, fixed_point.exp_on_negative_values(scaled, DIFFERENCE_BITS), 0)


@cache
def tables_int16() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """exp(x) for x from -10 to 0 and 1 / (1 + x) for x from 0 to 1, both Q0.15, (513,) each."""
    steps, unit = 65535.0, per_tensor(2.0 / 65535.0)
    one = np.float32(1)
    return (
        lut.table_int16(lut.correctly(np.exp), per_tensor(10.0 / steps, 32767), unit),
        lut.table_int16(lambda x: one / (one + x), per_tensor(1.0 / steps, -32768), unit),
    )


def multiplier_int16(attrs: Attrs, io: Io) -> tuple[int, int]:
    """(multiplier, shift) that take distances of int16 to steps of 10 / 65535."""
    scale = quantized.quant_of(io.inputs[0]).scale[0]
    return quantize_multiplier(scale * float(np.float32(attrs.beta)) / (10.0 / 65535.0))


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    x = inputs[0]
    if io.outputs[0].is_float:
        e = np.exp((x - x.max(axis=-1, keepdims=True)) * np.float32(attrs.beta))
        return [e / e.sum(axis=-1, keepdims=True)]
    x = x.astype(np.int64)
    distance = x.max(axis=-1, keepdims=True) - x
    if attrs.requantization == "float":
        return [float_requantized.shares(distance, attrs.beta, io).astype(io.dtype)]
    if io.inputs[0].dtype == "int16":
        return [_of_int16(attrs, distance, io, tables_int16(), bits).astype(np.int16)]
    e = exponentials(attrs.beta, io)[distance]
    total = rounding_divide_by_pot(e, SUM_BITS).sum(axis=-1, keepdims=True)
    return [_normalize(e, total, bits, io).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    import torch

    x = inputs[0]
    if io.outputs[0].is_float:
        return [torch.softmax(x * attrs.beta, dim=-1)]
    distance = x.amax(-1, keepdim=True) - x
    if attrs.requantization == "float":  # the order of sums is part of it
        q = float_requantized.shares(distance.cpu().numpy(), attrs.beta, io)
        return [torch.tensor(q, device=x.device)]
    if io.inputs[0].dtype == "int16":
        tables = tuple(torch.tensor(table, device=x.device) for table in tables_int16())
        return [_of_int16(attrs, distance, io, tables, bits_torch)]
    e = torch.tensor(exponentials(attrs.beta, io), device=x.device)[distance]
    total = rounding_divide_by_pot(e, SUM_BITS).sum(-1, keepdim=True)
    return [_normalize(e, total, bits_torch, io)]


def bits(x: Array) -> Array:
    """Bit lengths of positive integers."""
    return np.frexp(x.astype(np.float64))[1].astype(np.int64)


def bits_torch(x: Any) -> Any:
    """`bits` of tensors."""
    import torch

    return torch.frexp(x.double())[1].long()


def _normalize(e: Any, total: Any, bit_length: Callable[[Any], Any], io: Io) -> Any:
    """Exponentials in Q0.31 over their sum in Q12.19, as int8 or int16; arrays or tensors."""
    low, high = INTEGER_RANGE[io.dtype]
    total = total.clip(0, (1 << 31) - 1)  # only of int8, whose shares are 0 long before
    headroom = 32 - bit_length(total)
    reciprocal = fixed_point.one_over_one_plus_x((total << headroom) - (1 << 31))
    exponent = SUM_BITS - headroom + 31 - (8 if io.dtype == "int8" else 16)
    # distances that do not count have e = 0 and so become 0 here, as in the reference
    q = rounding_divide_by_pot(fixed_point.high_mul(reciprocal, e), exponent)
    return (q + low).clip(low, high)


def _of_int16(
    attrs: Attrs, distance: Any, io: Io, tables: Sequence[Any], bit_length: Callable[[Any], Any]
) -> Any:
    """Distances to the row's maximum to shares in Q0.15; arrays or tensors, the tables too."""
    scaled = requantize(-distance, *multiplier_int16(attrs, io)) + 32767
    e = lut.interpolate(scaled.clip(-32768, 32767), tables[0])
    total = e.sum(-1)[..., None]
    n_bits = bit_length(total)
    # the sum as 1 + a in Q1.16, and a from the table's lower end
    normal = ((total << (31 - n_bits)) + (1 << 13)) >> 14
    inverse = lut.interpolate((normal - (3 << 15)).clip(-32768, 32767), tables[1])
    right = n_bits - 1
    return ((e * inverse + (1 << (right - 1))) >> right).clip(0, 32767)


_OUTPUTS: dict[tuple[str, str], Quantization | None] = {
    ("float32", "float32"): None,
    ("int8", "int8"): per_tensor(1 / 256, -128),
    ("int8", "int16"): per_tensor(1 / 65536, -32768),
    ("int16", "int16"): per_tensor(1 / 32768),
}


def kinds_of_softmax(attrs: Attrs, io: Io) -> str | None:
    """float32 gives float32, int8 gives int8 or int16, int16 gives int16"""
    kinds = (io.inputs[0].dtype, io.outputs[0].dtype)
    return None if kinds in _OUTPUTS else f"input is {kinds[0]}, output is {kinds[1]}"


def output_holds_shares(attrs: Attrs, io: Io) -> str | None:
    """int8 outputs have steps of 2^-8 from -128; int16: 2^-16 from -32768 of int8, 2^-15 from 0"""
    quant = io.outputs[0].quant
    wanted = _OUTPUTS.get((io.inputs[0].dtype, io.outputs[0].dtype))
    if quant is None or wanted is None or attrs.requantization == "float":
        return None
    # the reference allows 1/1000 but for int8
    near = 0.0 if io.dtype == "int8" else 1e-3
    close = math.isclose(quant.scale[0], wanted.scale[0], rel_tol=near)
    if close and quant.zero_point == wanted.zero_point:
        return None
    return f"scale {quant.scale[0]:g}, zero point {quant.zero_point[0]}"


def scale_counts(attrs: Attrs, io: Io) -> str | None:
    """beta times an int8 input's scale is more than 2^-26"""
    first = io.inputs[0]
    if first.quant is None or first.dtype != "int8" or attrs.requantization == "float":
        return None
    if attrs.beta * first.quant.scale[0] * 2.0 ** (31 - DIFFERENCE_BITS) > 1:
        return None
    return f"beta {attrs.beta:g}, scale {first.quant.scale[0]:g}"


def scale_of_int16(attrs: Attrs, io: Io) -> str | None:
    """beta times an int16 input's scale is less than 4.9, so that distances fit into 32 bits"""
    first = io.inputs[0]
    if first.quant is None or first.dtype != "int16":
        return None
    if attrs.beta * first.quant.scale[0] < 4.9:
        return None
    return f"beta {attrs.beta:g}, scale {first.quant.scale[0]:g}"


def row_of_int16_fits(attrs: Attrs, io: Io) -> str | None:
    """rows have at most 4095 values if int8 becomes int16, at most 65536 if int16 does"""
    kinds, n = (io.inputs[0].dtype, io.outputs[0].dtype), io.inputs[0].shape[-1]
    most = {("int8", "int16"): _MOST_FOR_INT16, ("int16", "int16"): 65536}.get(kinds, n)
    return None if n <= most else f"{n:,} values"


constraints = (
    kinds_of_softmax,
    quantized.quantized_per_tensor,
    quantized.float_factors_for_int8,
    output_holds_shares,
    scale_counts,
    scale_of_int16,
    row_of_int16_fits,
)
