# SPDX-License-Identifier: Apache-2.0
"""What ReLU and ReLU6 share: an activation that stands alone.

int8: requantize to the output's quantization, clamp to the activation's range there. With
equal quantization the multiplier is exactly 1, so that only the clamp is left
(TensorFlow Lite Micro: micro/kernels/activations_common.cc).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _quantized as quantized

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation


def run(x: Array, io: Io, activation: Activation) -> Array:
    """numpy meaning."""
    if io.outputs[0].is_float:
        return quantized.clamp_real(x, activation)
    return _integers(x.astype(np.int64), io, activation).astype(io.dtype)


def run_torch(x: Any, io: Io, activation: Activation) -> Any:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    if io.outputs[0].is_float:
        return quantized.clamp_torch(x, activation)
    return _integers(x, io, activation)


def _integers(x: Any, io: Io, activation: Activation) -> Any:
    q = quantized.rescale(x, io.inputs[0], io.outputs[0])
    return quantized.clamp_integers(q, io, activation)


constraints = (
    quantized.kinds_float_or_int8,
    quantized.quantized_per_tensor,
    quantized.rescale_fits,
)
