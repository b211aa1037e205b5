# SPDX-License-Identifier: Apache-2.0
"""Kernels of the exponential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import interpolated, real
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._pointwise import table_of
from iseul.graph.ops.exp import function

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.exp import Attrs
    from iseul.numerics import Array


def table(attrs: Attrs, io: Io) -> Array:
    """The oracle's own table."""
    return table_of(function, io)


CARDS = (lookup("exp"), interpolated(table), real("iseul_exp_f32", 52))
