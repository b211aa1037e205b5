# SPDX-License-Identifier: Apache-2.0
"""Kernels of average pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _factor as factor
from iseul.compile.kernels import _mve as mve
from iseul.compile.kernels import _pooling as pooling
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import by_position
from iseul.graph.ops.average_pool2d import padding

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io
    from iseul.graph.ops.average_pool2d import Attrs


def _area(attrs: Attrs) -> int:
    """Taps of every window if padding counts, else 0."""
    return attrs.kernel_size[0] * attrs.kernel_size[1] if attrs.count_include_pad else 0


def emit(attrs: Attrs, io: Io) -> Fields:
    """`iseul_average_pool_t`."""
    return {
        "pool": pooling.emit(attrs, io),
        "area": _area(attrs),
        "padding": padding(attrs, io),
        "offset": attrs.offset,
    }


def emit_f32(attrs: Attrs, io: Io) -> Fields:
    """`iseul_average_pool_f32_t`."""
    return {"pool": pooling.emit_f32(attrs, io), "area": _area(attrs)}


_INTEGERS = "iseul_average_pool_t"
_REALS = "iseul_average_pool_f32_t"

CARDS = (
    mve.average_pool(),
    Card(
        "iseul_average_pool2d_s8",
        _INTEGERS,
        (kinds("int8"),),
        pooling.cost,
        emit,
        overlap=by_position,
    ),
    Card(
        "iseul_average_pool2d_s16",
        _INTEGERS,
        (kinds("int16"),),
        pooling.cost,
        emit,
        overlap=by_position,
    ),
    Card(
        "iseul_average_pool2d_f32",
        _REALS,
        (kinds("float32"),),
        pooling.cost,
        emit_f32,
        overlap=by_position,
    ),
    factor.average_pool(_area),
)
