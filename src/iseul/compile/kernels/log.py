# SPDX-License-Identifier: Apache-2.0
"""Kernels of the logarithm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import interpolated, real
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._pointwise import table_of
from iseul.graph.ops.log import function_of

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.log import Attrs
    from iseul.numerics import Array


def table(attrs: Attrs, io: Io) -> Array:
    """The oracle's own table."""
    return table_of(function_of(io), io)


CARDS = (lookup("log"), interpolated(table), real("iseul_log_f32", 53))
