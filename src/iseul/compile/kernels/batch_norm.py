# SPDX-License-Identifier: Apache-2.0
"""Kernels of batch normalizations that no convolution has taken in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._fields import data_of
from iseul.compile.kernels._overlap import value_by_value

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.batch_norm import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """10 per value."""
    return 10 * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_scale_channels_f32_t`: the statistics as a gain and an offset."""
    scale, offset, mean, variance = (data_of(v).astype(np.float64) for v in io.inputs[1:])
    gain = scale / np.sqrt(variance + attrs.epsilon)
    channels = io.inputs[0].shape[-1]
    return {
        "rows": io.inputs[0].n_elements // channels,
        "channels": channels,
        "gain": gain.astype(np.float32),
        "offset": (offset - mean * gain).astype(np.float32),
    }


CARDS = (
    Card(
        "iseul_scale_channels_f32",
        "iseul_scale_channels_f32_t",
        (kinds("float32"),),
        cost,
        emit,
        overlap=value_by_value,
    ),
)
