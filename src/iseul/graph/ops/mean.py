# SPDX-License-Identifier: Apache-2.0
"""Mean over axes.

int8, int16: sum of q - zero_point times a multiplier that holds both scales and 1 / n, rounded
             (TensorFlow Lite Micro: reference/reduce.h, QuantizedMeanOrSum); or for int8 a
             float32 factor (ONNX Runtime), see `_float_requantized`
Inputs: x, of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops import _reducing as reducing
from iseul.graph.ops._shape import REQUANTIZATION
from iseul.numerics.float_requantize import Requantization  # noqa: TC001  read by pydantic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array

BATCHED = reducing.batch_axis_stays
infer = reducing.infer


class Attrs(reducing.Attrs):
    requantization: Requantization = REQUANTIZATION


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        n = reducing.count(attrs, io)
        return [reducing.run_float_mean_or_sum(attrs, inputs[0], n)]
    axes = reducing.axes_of(attrs, inputs[0].ndim)
    total = inputs[0].sum(axis=axes, dtype=np.int64, keepdims=attrs.keep_dims)
    return [np.asarray(_integers(attrs, total, io)).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    total = reducing.sum_torch(attrs, inputs[0])
    if io.outputs[0].is_float:
        return [total / reducing.count(attrs, io)]
    return [_integers(attrs, total, io)]


def _integers(attrs: Attrs, total: Any, io: Io) -> Any:
    """Sums of q, int64 arrays or tensors, to the output's integers."""
    if attrs.requantization == "fixed_point":
        return reducing.integers(attrs, total, io, is_mean=True)
    n = reducing.count(attrs, io)
    return float_requantized.mean(total - quantized.zero_point(io.inputs[0]) * n, n, io)


constraints = (
    quantized.kinds_among("float32", "int8", "int16"),
    quantized.quantized_per_tensor,
    quantized.float_factors_for_int8,
    reducing.sum_rule(is_mean=True),
)
