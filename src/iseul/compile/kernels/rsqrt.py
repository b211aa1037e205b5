# SPDX-License-Identifier: Apache-2.0
"""Kernels of the reciprocal square root."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import each, real
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops.rsqrt import multiplier

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.rsqrt import Attrs


def emit_s16(attrs: Attrs, io: Io) -> Fields:
    """`iseul_rsqrt_s16_t`."""
    factor, shift = multiplier(io)
    return {"n": io.outputs[0].n_elements, "multiplier": factor, "shift": shift}


CARDS = (
    lookup("rsqrt"),
    each("iseul_rsqrt_s16", "iseul_rsqrt_s16_t", ("int16",), 200, emit_s16),
    real("iseul_rsqrt_f32", 110),
)
