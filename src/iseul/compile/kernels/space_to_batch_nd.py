# SPDX-License-Identifier: Apache-2.0
"""Kernels of space_to_batch_nd."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card
from iseul.compile.kernels._moving import border_fields, element_bytes, table_fields, tables_merged
from iseul.compile.kernels._walk import strides
from iseul.graph.ops._moving import MAX_AXES
from iseul.graph.ops._quantized import zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.space_to_batch_nd import Attrs
    from iseul.numerics import Array


def tables(attrs: Attrs, io: Io) -> list[Array]:
    """Where each element of the input stands in the output, axis by axis."""
    x, m = io.inputs[0].shape, len(attrs.block)
    steps = strides(io.outputs[0].shape)
    found = [np.arange(x[0]) * steps[0]]
    for i, (b, (before, _)) in enumerate(zip(attrs.block, attrs.pads, strict=True)):
        place = np.arange(x[1 + i]) + before
        samples = x[0] * prod(attrs.block[i + 1 :])  # from one block index to the next
        found.append(place // b * steps[1 + i] + place % b * samples * steps[0])
    rest = zip(x[1 + m :], steps[1 + m :], strict=True)
    return found + [np.arange(n) * step for n, step in rest]


def _merged(attrs: Attrs, io: Io) -> tuple[list[Array], int]:
    return tables_merged(tables(attrs, io), element_bytes(io.inputs[0]))


def few_axes(attrs: Attrs, io: Io) -> str | None:
    """at most 8 axes remain after those that lie together are merged"""
    n = len(_merged(attrs, io)[0])
    return None if n <= MAX_AXES else f"{n} loops are needed"


def cost(attrs: Attrs, io: Io) -> int:
    """58 per run of the input, 1 per byte of input and output."""
    n_bytes = io.inputs[0].n_bytes
    return 20 + 58 * (n_bytes // _merged(attrs, io)[1]) + n_bytes + io.outputs[0].n_bytes


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_place_t`."""
    out = io.outputs[0]
    return {**table_fields(*_merged(attrs, io)), **border_fields(zero_point(out), out)}


CARDS = (Card("iseul_place", "iseul_place_t", (few_axes,), cost, emit),)
