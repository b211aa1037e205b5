# SPDX-License-Identifier: Apache-2.0
"""Weighted ops with float activations and integer weights: small in flash, floats around.

`input_quantization` says how the two meet:

    none        weights stand for their reals, everything else is float32
    symmetric   each sample becomes int8 on the way in, q = round(x 127 / max|x|); sums of products
                are integers, times max|x| / 127 times the weights' scale
    asymmetric  so does each, by a zero point and a scale that map [min(x, 0), max(x, 0)] to
                [-128, 127]

The last two are TensorFlow Lite's dynamic-range quantization (kernels/internal/reference/
portable_tensor_utils.cc: SymmetricQuantizeFloats, AsymmetricQuantizeFloats; HybridConvPerChannel,
DepthwiseConvHybridPerChannel, MatrixBatchVectorMultiplyAccumulate). Padding contributes 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import round_half_away

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Io
    from iseul.numerics import Array
    from iseul.numerics.float_requantize import Requantization

InputQuantization = Literal["none", "symmetric", "asymmetric"]

INPUT_QUANTIZATION: Any = Field(
    default="none",
    description="of float activations to integer weights: none, or each sample to int8 at run time",
)


def is_dynamic(attrs: Any) -> bool:
    """Whether samples are quantized at run time."""
    return getattr(attrs, "input_quantization", "none") != "none"


def quantize_samples(
    x: NDArray[np.float32], kind: InputQuantization
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(whole numbers less the zero point, scale of each sample) of samples along axis 0."""
    flat = x.reshape(x.shape[0], -1)
    low, high = flat.min(axis=1, initial=np.inf), flat.max(axis=1, initial=-np.inf)
    if kind == "symmetric":
        reach = np.maximum(np.abs(low), np.abs(high))
        used = np.where(reach == 0, np.float32(127), reach)
        scale = (used / np.float32(127)).astype(np.float32)
        inverse = (np.float32(127) / used).astype(np.float32)
        q = np.clip(round_half_away(flat * inverse[:, None]), -127, 127)
        return q.astype(np.float32).reshape(x.shape), scale
    below, most = np.maximum(-low.astype(np.float64), 0), np.maximum(high.astype(np.float64), 0)
    empty = below + most == 0
    scale = np.where(empty, 1.0, (most + below) / 255.0).astype(np.float32)
    inverse = (1.0 / scale.astype(np.float64)).astype(np.float32)
    zeros = np.where(empty, 0, _zero_points(below, most)).astype(np.float32)[:, None]
    q = np.clip(round_half_away(zeros + flat * inverse[:, None]), -128, 127) - zeros
    return q.astype(np.float32).reshape(x.shape), scale


def _zero_points(below: NDArray[np.float64], most: NDArray[np.float64]) -> NDArray[np.float64]:
    """-128 + 255 below / (below + most), rounded half away from zero without an error before.

    below, most: exactly float32, >= 0
    """
    n = np.floor(255 * below / np.where(below + most == 0, 1.0, below + most) + 0.5)
    # the exact sign of 255 below - (n +- 1/2) (below + most): 9 bits times 24 are exact
    over = (509 - 2 * n) * below - (2 * n + 1) * most
    under = (511 - 2 * n) * below - (2 * n - 1) * most
    up = (n < 255) & ((over > 0) | ((over == 0) & (n >= 128)))
    down = (n > 0) & ((under < 0) | ((under == 0) & (n <= 128)))
    return n + up - (down & ~up) - 128


def run(
    attrs: Any,
    x: Array,
    inputs: Sequence[Array],
    io: Io,
    axis: int,
    sums: Callable[[Array, Array], Array],
) -> Array:
    """A weighted op of any number kind.

    x:      samples along axis 0
    inputs: of the op; weights and bias are taken from them
    axis:   the output channel axis of the weights
    sums:   products of samples and weights, both float, summed per output (N, ..., C_out)
    """
    if is_dynamic(attrs):
        return _run_dynamic(attrs, x, inputs, io, axis, sums)
    x, w = quantized.exact_operands(x, inputs[1], io, axis)
    kind: Requantization = getattr(attrs, "requantization", "fixed_point")
    return quantized.finish(sums(x, w), inputs[2:], io, attrs.activation, kind)


def _run_dynamic(
    attrs: Any,
    x: Array,
    inputs: Sequence[Array],
    io: Io,
    axis: int,
    sums: Callable[[Array, Array], Array],
) -> Array:
    q, scale = quantize_samples(x, attrs.input_quantization)
    w = inputs[1]
    bound = 255 * int(np.abs(w.astype(np.int64)).sum(axis=_others(w, axis)).max(initial=0))
    kind = np.float32 if bound < quantized.EXACT_FLOAT32 else np.float64
    total = sums(q.astype(kind), w.astype(kind)).astype(np.float32)
    factors = _along_samples(scale, total) * np.array(
        quantized.quant_of(io.inputs[1]).scale, np.float32
    )
    return quantized.finish(total * factors, inputs[2:], io, attrs.activation)


def run_torch(
    attrs: Any, x: Any, inputs: Sequence[Any], io: Io, sums: Callable[[Any, Any], Any]
) -> Any:
    """`run` on torch tensors: floats differentiable, integers exact.

    Samples that are quantized at run time stay floats, on their grids; gradients pass as if
    nothing had been rounded.
    """
    import torch

    if is_dynamic(attrs):
        q, scale = quantize_samples(x.detach().cpu().numpy(), attrs.input_quantization)
        on_grid = torch.tensor(q * _along_samples(scale, q), device=x.device)
        x = x + (on_grid - x).detach()
    x, w = quantized.exact_operands_torch(x, inputs[1], io)
    kind: Requantization = getattr(attrs, "requantization", "fixed_point")
    return quantized.finish_torch(sums(x, w), inputs[2:], io, attrs.activation, kind)


def _others(w: Array, axis: int) -> tuple[int, ...]:
    return tuple(i for i in range(w.ndim) if i != axis % w.ndim)


def _along_samples(scale: NDArray[np.float32], like: Array) -> NDArray[np.float32]:
    return scale.reshape(-1, *(1,) * (like.ndim - 1))


def dynamic_for_integer_weights(attrs: Any, io: Io) -> str | None:
    """input_quantization is for float activations to integer weights of zero point 0"""
    if not is_dynamic(attrs):
        return None
    weights = io.inputs[1]
    if io.outputs[0].is_float and weights.quant is not None and not any(weights.quant.zero_point):
        return None
    zeros = weights.quant.zero_point if weights.quant is not None else ()
    return f'"{weights.name}" is {weights.dtype} with zero points {sorted(set(zeros))}'
