# SPDX-License-Identifier: Apache-2.0
"""Kernels of the square root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import each, real
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._quantized import quant_of, zero_point

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.sqrt import Attrs


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_sqrt_s16_t`."""
    first, last = io.inputs[0], io.outputs[0]
    return {
        "n": last.n_elements,
        "in_scale": float(quant_of(first).scale[0]),
        "in_zero_point": zero_point(first),
        "scale": float(quant_of(last).scale[0]),
        "zero_point": zero_point(last),
    }


CARDS = (
    lookup("sqrt"),
    each("iseul_sqrt_s16", "iseul_sqrt_s16_t", ("int16",), 100, emit_s16),
    real("iseul_sqrt_f32", 92),
)
