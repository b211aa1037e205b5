# SPDX-License-Identifier: Apache-2.0
"""What ReLU and its kin share: an activation that stands alone.

int8, int16: requantize to the output's quantization, clamp to the activation's range there. With
equal quantization the multiplier is exactly 1, so that only the clamp is left
(TensorFlow Lite Micro: micro/kernels/activations_common.cc; its RELU6 clamps in the input's
quantization and takes no account of another one of the output, TensorFlow Lite's does).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.config import Config
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._shape import same_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io, *, activation: Activation) -> list[Array]:
    """numpy meaning; see the file's header."""
    if io.outputs[0].is_float:
        return [quantized.clamp_real(inputs[0], activation)]
    return [_integers(inputs[0].astype(np.int64), io, activation).astype(io.dtype)]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io, *, activation: Activation) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return [quantized.clamp_torch(inputs[0], activation)]
    return [_integers(inputs[0], io, activation)]


def _integers(x: Any, io: Io, activation: Activation) -> Any:
    q = quantized.rescale(x, io.inputs[0], io.outputs[0])
    return quantized.clamp_integers(q, io, activation)


constraints = (
    quantized.kinds_among("float32", "int8", "int16"),
    quantized.quantized_per_tensor,
    quantized.zero_points_of_int16,
    quantized.rescale_fits,
)
