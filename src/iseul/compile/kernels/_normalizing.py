# SPDX-License-Identifier: Apache-2.0
"""What the cards of normalizations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._fields import data_of
from iseul.compile.kernels._overlap import value_by_value
from iseul.graph.ops._normalizing import row_axes

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops._normalizing import Attrs
    from iseul.numerics import Array


def cost(attrs: object, io: Io) -> int:
    """45 per value; the division is one of them."""
    return 45 * io.outputs[0].n_elements


def rows(io: Io) -> dict[str, int]:
    """`rows` and `size` of rows along the last axis."""
    size = io.inputs[0].shape[-1]
    return {"rows": io.inputs[0].n_elements // size, "size": size}


def parameter(io: Io, i: int, size: int) -> Array:
    """Scale (input 1) or bias (input 2), or what changes nothing."""
    if len(io.inputs) > i:
        return data_of(io.inputs[i]).reshape(-1)
    return np.full(size, 1.0 if i == 1 else 0.0, np.float32)


def layer(is_centred: int) -> tuple[Card, ...]:
    """The cards of layer normalization, or of RMS normalization."""

    def emit(attrs: Attrs, io: Io) -> Fields:
        x = io.inputs[0]
        size = int(np.prod([x.shape[i] for i in row_axes(attrs, len(x.shape))], dtype=np.int64))
        return {
            "rows": x.n_elements // size,
            "size": size,
            "is_centred": is_centred,
            "epsilon": float(attrs.epsilon),
            "scale": parameter(io, 1, size),
            "bias": parameter(io, 2, size),
        }

    params = "iseul_layer_norm_f32_t"
    rules = (kinds("float32"),)
    # the last pass over a row reads value i, then writes value i; earlier rows are not read again
    overlap = value_by_value
    return (Card("iseul_layer_norm_f32", params, rules, cost, emit, overlap=overlap),)
