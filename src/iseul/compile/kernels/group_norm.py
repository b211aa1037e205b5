# SPDX-License-Identifier: Apache-2.0
"""Kernels of group normalization."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._normalizing import cost, parameter

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.group_norm import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_group_norm_f32_t`."""
    x = io.inputs[0].shape
    return {
        "batch": x[0],
        "positions": io.inputs[0].n_elements // (x[0] * x[-1]),
        "channels": x[-1],
        "groups": attrs.groups,
        "epsilon": float(attrs.epsilon),
        "scale": parameter(io, 1, x[-1]),
        "bias": parameter(io, 2, x[-1]),
    }


CARDS = (Card("iseul_group_norm_f32", "iseul_group_norm_f32_t", (kinds("float32"),), cost, emit),)
