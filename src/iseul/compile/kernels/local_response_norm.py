# SPDX-License-Identifier: Apache-2.0
"""Kernels of local response normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card, kinds

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.local_response_norm import Attrs


def cost(attrs: Attrs, io: Io) -> int:
    """150 per value: a logarithm and an exponential; 5 per near channel."""
    return (150 + 5 * min(attrs.size, io.inputs[0].shape[-1])) * io.outputs[0].n_elements


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_local_response_norm_f32_t`."""
    channels = io.inputs[0].shape[-1]
    return {
        "rows": io.inputs[0].n_elements // channels,
        "channels": channels,
        "before": (attrs.size - 1) // 2,
        "after": attrs.size // 2,
        "alpha": float(attrs.alpha),
        "beta": float(attrs.beta),
        "bias": float(attrs.bias),
    }


CARDS = (
    Card(
        "iseul_local_response_norm_f32",
        "iseul_local_response_norm_f32_t",
        (kinds("float32"),),
        cost,
        emit,
    ),
)
