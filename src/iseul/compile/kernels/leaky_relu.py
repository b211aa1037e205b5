# SPDX-License-Identifier: Apache-2.0
"""Kernels of leaky ReLU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import each
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._quantized import zero_point
from iseul.graph.ops.leaky_relu import multipliers

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.leaky_relu import Attrs


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_leaky_relu_s16_t`."""
    m = multipliers(attrs, io)
    return {
        "n": io.outputs[0].n_elements,
        "in_zero_point": zero_point(io.inputs[0]),
        "multiplier": m.identity[0],
        "shift": m.identity[1],
        "alpha_multiplier": m.alpha[0],
        "alpha_shift": m.alpha[1],
        "zero_point": zero_point(io.outputs[0]),
    }


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_slope_t`."""
    return {"n": io.outputs[0].n_elements, "alpha": float(attrs.alpha)}


CARDS = (
    lookup("leaky_relu"),
    each("iseul_leaky_relu_s16", "iseul_leaky_relu_s16_t", ("int16",), 35, emit_s16),
    each("iseul_leaky_relu_f32", "iseul_slope_t", ("float32",), 9, emit_f32),
)
