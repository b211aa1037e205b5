# SPDX-License-Identifier: Apache-2.0
"""Kernels of ELU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import each
from iseul.compile.kernels._lookup import lookup

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.elu import Attrs


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_slope_t`."""
    return {"n": io.outputs[0].n_elements, "alpha": float(attrs.alpha)}


CARDS = (lookup("elu"), each("iseul_elu_f32", "iseul_slope_t", ("float32",), 55, emit))
