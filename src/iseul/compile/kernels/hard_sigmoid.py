# SPDX-License-Identifier: Apache-2.0
"""Kernels of the hard sigmoid: floats only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import each

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.hard_sigmoid import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_line_t`."""
    n = io.outputs[0].n_elements
    return {"n": n, "alpha": float(attrs.alpha), "beta": float(attrs.beta)}


CARDS = (each("iseul_hard_sigmoid_f32", "iseul_line_t", ("float32",), 14, emit),)
REMEDY = "leave the op float32: dequantize before it and quantize behind it"
