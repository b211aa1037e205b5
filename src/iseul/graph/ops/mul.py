# SPDX-License-Identifier: Apache-2.0
"""Product of two values with numpy's broadcasting and a fused activation.

int8, int16: requantize((a - zp_a) * (b - zp_b)) + zp_out with s_a * s_b / s_out computed in
             double (TensorFlow Lite Micro: integer_ops/mul.h, mul_common.cc); or for int8 by
             a float32 factor (ONNX Runtime); see `_float_requantized`
int32:       plain integers that wrap around, then clamped
Inputs: a, b.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import REQUANTIZATION
from iseul.numerics.float_requantize import Requantization  # noqa: TC001  read by pydantic
from iseul.numerics.requantize import quantize_multiplier, requantize, wrap_int32

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = broadcast.is_batched
infer = broadcast.infer


def multiplier(io: Io) -> tuple[int, int]:
    """(multiplier, shift) of s_a * s_b / s_out."""
    s_a, s_b, s_out = (
        np.float64(quantized.quant_of(value).scale[0]) for value in (*io.inputs, *io.outputs)
    )
    return quantize_multiplier(float(s_a * s_b / s_out))


def _integers(a: Any, b: Any, io: Io) -> Any:
    zeros = [quantized.zero_point(value) for value in (*io.inputs, *io.outputs)]
    return requantize((a - zeros[0]) * (b - zeros[1]), *multiplier(io)) + zeros[2]


_PRODUCT = broadcast.Arithmetic(
    real=lambda a, b: a * b,
    narrow=_integers,
    plain=lambda a, b: wrap_int32(a * b),
)


class Attrs(broadcast.FusedAttrs):
    requantization: Requantization = REQUANTIZATION
    offset: int = float_requantized.OFFSET


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if attrs.requantization == "float":
        a, b = (x.astype(np.int64) for x in inputs)
        return [_by_factors(attrs, a, b, io).astype(io.dtype)]
    return broadcast.run(attrs, inputs, io, arithmetic=_PRODUCT)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if attrs.requantization == "float" and not io.outputs[0].is_float:
        return [_by_factors(attrs, inputs[0], inputs[1], io)]
    return broadcast.run_torch(attrs, inputs, io, arithmetic=_PRODUCT)


def _by_factors(attrs: Attrs, a: Any, b: Any, io: Io) -> Any:
    return float_requantized.multiplied(a, b, io, attrs.activation, attrs.offset)


def product_fits(attrs: Any, io: Io) -> str | None:
    """products of integers fit into 31 bits, also after the left shift of requantization"""
    if not broadcast.is_quantized(io) or attrs.requantization == "float":
        return None
    bound = broadcast.reach(io.inputs[0]) * broadcast.reach(io.inputs[1])
    shift = multiplier(io)[1]
    if bound << max(shift, 0) <= 2**30:
        return None
    return f"products up to {bound:,} are shifted left by {shift}"


constraints = (
    broadcast.one_kind("float32", "int8", "int16", "int32"),
    broadcast.quantized_by_kind,
    quantized.float_factors_for_int8,
    product_fits,
)
