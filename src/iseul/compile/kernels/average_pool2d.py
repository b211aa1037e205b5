# SPDX-License-Identifier: Apache-2.0
"""Kernels of average pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels import _dsp as dsp
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


def up_to_256_taps(attrs: Attrs, io: Io) -> str | None:
    """windows have up to 256 taps"""
    n = attrs.kernel_size[0] * attrs.kernel_size[1]
    return None if n <= 256 else f"they have {n}"


def cost_pairs(attrs: Attrs, io: Io) -> int:
    """2.2 per tap, 28 per output, 60 per position; channels beyond fours as without pairs."""
    n, taps = io.outputs[0].shape[3], attrs.kernel_size[0] * attrs.kernel_size[1]
    in_fours = n - n % 4
    per_position = in_fours * (11 * taps // 5 + 28) + n % 4 * (6 * taps + 30) + 60
    return io.outputs[0].n_elements // n * per_position


CARDS = (
    mve.average_pool(),
    *dsp.on_both(
        Card(
            "iseul_average_pool2d_s8_dsp",
            _INTEGERS,
            (kinds("int8"), up_to_256_taps),
            cost_pairs,
            emit,
            overlap=by_position,
        )
    ),
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
