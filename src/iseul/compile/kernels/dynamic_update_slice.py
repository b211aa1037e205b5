# SPDX-License-Identifier: Apache-2.0
"""Kernels of dynamic_update_slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._moving import element_bytes, int32
from iseul.compile.kernels._walk import Walk, strides

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def walk(io: Io) -> Walk:
    """Where each element of the update stands in the output, from its first one on."""
    steps = strides(io.outputs[0].shape)
    return Walk(tuple(zip(io.inputs[1].shape, steps, strict=True)))


def cost(attrs: Any, io: Io) -> int:
    """38 per run of the update, 1 per byte of input and update."""
    n_runs = io.inputs[1].n_elements // walk(io).runs()[1]
    return 20 + 38 * n_runs + io.inputs[0].n_bytes + io.inputs[1].n_bytes


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_dynamic_update_slice_t`."""
    x, update, start = io.inputs
    places, run = walk(io).runs()
    unit = element_bytes(x)
    return {
        "n_bytes": x.n_bytes,
        "rank": len(x.shape),
        "last": int32([n - size for n, size in zip(x.shape, update.shape, strict=True)]),
        "stride": int32([step * unit for step in strides(x.shape)]),
        "index_bytes": element_bytes(start),
        "n_axes": len(places.axes),
        "size": int32([size for size, _ in places.axes]),
        "step": int32([step * unit for _, step in places.axes]),
        "run": run * unit,
    }


CARDS = (
    Card(
        "iseul_dynamic_update_slice",
        "iseul_dynamic_update_slice_t",
        (),
        cost,
        emit,
        inputs=(0, 1, 2),
    ),
)
