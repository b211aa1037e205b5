# SPDX-License-Identifier: Apache-2.0
"""Kernels of gather."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._moving import element_bytes

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.gather import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_gather_t`."""
    x, indices = io.inputs
    axis, b = attrs.axis % len(x.shape), attrs.batch_dims
    return {
        "batch": prod(x.shape[:b]),
        "outer": prod(x.shape[b:axis]),
        "axis_size": x.shape[axis],
        "n_indices": prod(indices.shape[b:]),
        "index_bytes": element_bytes(indices),
        "run": prod(x.shape[axis + 1 :]) * element_bytes(x),
    }


def cost(attrs: Attrs, io: Io) -> int:
    """40 per slice, 1 per byte."""
    n_bytes = io.outputs[0].n_bytes
    run = prod(io.inputs[0].shape[attrs.axis % len(io.inputs[0].shape) + 1 :])
    return 20 + 40 * (io.outputs[0].n_elements // run) + n_bytes


CARDS = (Card("iseul_gather", "iseul_gather_t", (), cost, emit, inputs=(0, 1)),)
