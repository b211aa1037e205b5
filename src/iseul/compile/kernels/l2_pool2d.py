# SPDX-License-Identifier: Apache-2.0
"""Kernels of pools of mean squares."""

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import by_position
from iseul.compile.kernels._pooling import cost, emit_f32

CARDS = (
    Card(
        "iseul_l2_pool2d_f32",
        "iseul_pool_f32_t",
        (kinds("float32"),),
        cost,
        emit_f32,
        overlap=by_position,
    ),
)
