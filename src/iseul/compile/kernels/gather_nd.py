# SPDX-License-Identifier: Apache-2.0
"""Kernels of gather_nd."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._moving import element_bytes, int32

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_gather_nd_t`."""
    x, indices = io.inputs
    depth = indices.shape[-1]
    return {
        "n_rows": prod(indices.shape[:-1]),
        "depth": depth,
        "size": int32(x.shape[:depth]),
        "run": prod(x.shape[depth:]) * element_bytes(x),
    }


def cost(attrs: Any, io: Io) -> int:
    """40 per slice, 20 per index, 1 per byte."""
    indices = io.inputs[1]
    rows = prod(indices.shape[:-1])
    return 20 + 40 * rows + 20 * indices.n_elements + io.outputs[0].n_bytes


CARDS = (Card("iseul_gather_nd", "iseul_gather_nd_t", (), cost, emit, inputs=(0, 1)),)
