# SPDX-License-Identifier: Apache-2.0
"""Kernels of GELU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._each import each, emit_n, interpolated
from iseul.compile.kernels._lookup import lookup
from iseul.graph.ops._pointwise import table_of
from iseul.graph.ops.gelu import function_of

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.gelu import Attrs
    from iseul.numerics import Array


def table(attrs: Attrs, io: Io) -> Array:
    """The oracle's own table."""
    return table_of(function_of(attrs), io)


def with_erf(attrs: Attrs, io: Io) -> str | None:
    """approximate is none"""
    return None if attrs.approximate == "none" else attrs.approximate


def with_tanh(attrs: Attrs, io: Io) -> str | None:
    """approximate is tanh"""
    return None if attrs.approximate == "tanh" else attrs.approximate


CARDS = (
    lookup("gelu"),
    interpolated(table),
    each("iseul_gelu_f32", "iseul_each_t", ("float32",), 86, emit_n, with_erf),
    each("iseul_gelu_tanh_f32", "iseul_each_t", ("float32",), 63, emit_n, with_tanh),
)
