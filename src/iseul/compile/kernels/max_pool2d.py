# SPDX-License-Identifier: Apache-2.0
"""Kernels of maximum pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import by_position
from iseul.compile.kernels._pooling import cost, emit, emit_f32

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops._pooling import Attrs


def cost_fours(attrs: Attrs, io: Io) -> int:
    """1.5 per tap, 5 per output, 60 per position; channels beyond fours as without."""
    n, taps = io.outputs[0].shape[3], attrs.kernel_size[0] * attrs.kernel_size[1]
    in_fours = n - n % 4
    per_position = in_fours * (3 * taps // 2 + 5) + n % 4 * (6 * taps + 30) + 60
    return io.outputs[0].n_elements // n * per_position


CARDS = (
    *dsp.on_both(
        Card(
            "iseul_max_pool2d_s8_dsp",
            "iseul_pool_t",
            (kinds("int8"),),
            cost_fours,
            emit,
            overlap=by_position,
        )
    ),
    Card("iseul_max_pool2d_s8", "iseul_pool_t", (kinds("int8"),), cost, emit, overlap=by_position),
    Card(
        "iseul_max_pool2d_s16", "iseul_pool_t", (kinds("int16"),), cost, emit, overlap=by_position
    ),
    Card(
        "iseul_max_pool2d_f32",
        "iseul_pool_f32_t",
        (kinds("float32"),),
        cost,
        emit_f32,
        overlap=by_position,
    ),
)
