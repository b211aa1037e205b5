# SPDX-License-Identifier: Apache-2.0
"""Addition of two values with numpy's broadcasting and a fused activation.

int8, int16: on a common fine scale, then scaled to the output; see `_addition`; or for int8 by
             float32 factors (ONNX Runtime); see `_float_requantized`
int32:       plain integers that wrap around (TensorFlow Lite Micro: micro/kernels/add.cc, which
             has no fused activation for them)
Inputs: a, b.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _addition as addition
from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import REQUANTIZATION
from iseul.numerics.float_requantize import Requantization  # noqa: TC001  read by pydantic
from iseul.numerics.requantize import wrap_int32

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = broadcast.is_batched
infer = broadcast.infer

_ADDITION = broadcast.Arithmetic(
    real=lambda a, b: a + b,
    narrow=partial(addition.integers, sign=1),
    plain=lambda a, b: wrap_int32(a + b),
)


class Attrs(broadcast.FusedAttrs):
    requantization: Requantization = REQUANTIZATION
    offset: int = float_requantized.OFFSET


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if attrs.requantization == "float":
        a, b = (x.astype(np.int64) for x in inputs)
        return [_by_factors(attrs, a, b, io).astype(io.dtype)]
    return broadcast.run(attrs, inputs, io, arithmetic=_ADDITION)


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if attrs.requantization == "float" and not io.outputs[0].is_float:
        return [_by_factors(attrs, inputs[0], inputs[1], io)]
    return broadcast.run_torch(attrs, inputs, io, arithmetic=_ADDITION)


def _by_factors(attrs: Attrs, a: Any, b: Any, io: Io) -> Any:
    return float_requantized.added(a, b, io, attrs.activation, attrs.offset)


def plain_is_not_clamped(attrs: broadcast.FusedAttrs, io: Io) -> str | None:
    """int32 sums have no fused activation, as TensorFlow Lite Micro ignores it"""
    if io.dtype == "int32" and attrs.activation != "none":
        return f"the activation is {attrs.activation}"
    return None


constraints = (
    broadcast.one_kind("float32", "int8", "int16", "int32"),
    broadcast.quantized_by_kind,
    quantized.float_factors_for_int8,
    addition.output_scale_large_enough,
    plain_is_not_clamped,
)
