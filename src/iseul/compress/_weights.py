# SPDX-License-Identifier: Apache-2.0
"""Weights and biases as integers, and which axis of which op is the output channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.numerics.affine import INTEGER_RANGE, Quantization, quantize

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from iseul.numerics import Array

# The axis of a weighted op's weights that is its output channel
CHANNEL_AXIS = {"conv2d": 0, "depthwise_conv2d": 3, "fully_connected": 0, "transpose_conv": 0}

# Weights use -127 .. 127, so that w and -w are both there (TensorFlow Lite: symmetric int8)
LARGEST_WEIGHT = 127

# A bias may take half of the accumulator's range; the products get the other half
_LARGEST_BIAS = float(1 << 30)


def weight_scales(w: Array, axis: int | None) -> NDArray[np.float64]:
    """max |w| / 127 per channel along `axis`, or one for all if it is None.

    A channel of zeros takes the largest scale of the others: any would do for its weights, but
    its bias is counted in s_in * s_w, which must not become tiny.
    """
    others = tuple(i for i in range(w.ndim) if i != axis) if axis is not None else None
    largest = np.atleast_1d(np.abs(w.astype(np.float64)).max(axis=others, initial=0.0))
    safe = largest.max(initial=0.0) or 1.0
    return np.where(largest > 0, largest, safe) / LARGEST_WEIGHT


def widened_for_bias(
    scales: NDArray[np.float64], bias: Array | None, input_scale: float
) -> NDArray[np.float64]:
    """Scales at which |bias| / (s_in * s_w) fits; channels of tiny weights grow coarser."""
    if bias is None:
        return scales
    needed = np.abs(bias.astype(np.float64)) / (input_scale * _LARGEST_BIAS)
    return np.maximum(scales, needed if len(scales) > 1 else needed.max(initial=0.0))


def quantize_weights(w: Array, quant: Quantization) -> Array:
    """int8 in -127 .. 127."""
    return np.clip(quantize(w, quant, "int8"), -LARGEST_WEIGHT, LARGEST_WEIGHT).astype(np.int8)


def quantize_bias(bias: Array, quant: Quantization) -> Array:
    """int32, computed in float64: float32 does not hold every integer of that size."""
    ratio = bias.astype(np.float64) / np.array(quant.scale, np.float64)
    low, high = INTEGER_RANGE["int32"]
    return np.clip(np.sign(ratio) * np.floor(np.abs(ratio) + 0.5), low, high).astype(np.int32)
