# SPDX-License-Identifier: Apache-2.0
"""Kernels of maximum pools."""

from __future__ import annotations

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import by_position
from iseul.compile.kernels._pooling import cost, emit, emit_f32

CARDS = (
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
