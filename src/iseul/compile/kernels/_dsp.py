# SPDX-License-Identifier: Apache-2.0
"""Cards of int8 kernels for Cortex-M cores with the DSP extension (`iseul_dsp.h`).

Weights are packed ahead of time in the order in which the blocks of a kernel read them, and the
input's zero point is taken off in the bias. Each card stands twice: for ARMv7E-M and for ARMv8-M.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _overlap as overlap
from iseul.compile.kernels._card import Card
from iseul.graph.ops._quantized import output_multipliers, zero_point
from iseul.numerics.requantize import wrap_int32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.kernels._card import Fields
    from iseul.compile.kernels._grouped import Arrange
    from iseul.graph.ir import Io
    from iseul.numerics import Array

_SHIFTS = range(-23, -1)  # `iseul_scale_of`
_POSITIONS = 3  # of a block of iseul_conv2d_s8_dsp


def _on_both(card: Card) -> tuple[Card, ...]:
    return tuple(replace(card, isa=isa) for isa in ("armv7em-dsp", "armv8m-dsp"))


def _channels(io: Io) -> int:
    return io.outputs[0].shape[-1]


def scales_down(attrs: Any, io: Io) -> str | None:
    """sums are scaled by less than 1/4 and by 2^-24 or more"""
    _, shifts = output_multipliers(io, _channels(io))
    beyond = [int(shift) for shift in shifts if shift not in _SHIFTS]
    return f"a scale is near 2^{beyond[0]}" if beyond else None


def _round_up(n: int, to: int) -> int:
    return -(-n // to) * to


def pack(rows: Array, n_together: int) -> Array:
    """Rows of weights (n, k) as blocks read them, flat.

    n_together: rows of a block: four weights of the first one, four of the second one ..., then
                the next four of each; rows and k are filled up with zeros
    """
    n, k = rows.shape
    full = np.zeros((_round_up(n, n_together), _round_up(k, 4)), np.int8)
    full[:n, :k] = rows
    blocks = full.reshape(-1, n_together, full.shape[1] // 4, 4)
    return np.ascontiguousarray(blocks.transpose(0, 2, 1, 3)).reshape(-1)


def folded_bias(io: Io, rows: Array, n_together: int) -> Array:
    """The bias minus what the input's zero point adds to the sums, filled up with zeros.

    Sums are taken modulo 2^32, as the kernels do.
    """
    n = len(rows)
    offset = zero_point(io.inputs[0]) * rows.astype(np.int64).sum(1)
    found = np.zeros(_round_up(n, n_together), np.int32)
    found[:n] = wrap_int32(fields.bias(io, n).astype(np.int64) - offset)
    return found


# --- convolutions: blocks of two channels and three positions


def convolution(arrange: Arrange) -> tuple[Card, ...]:
    """The cards of an op that `arrange` makes a convolution in groups; they take one group."""

    def one_group(attrs: Any, io: Io) -> str | None:
        """all output channels read all input channels"""
        made = arrange(attrs, io)
        n = made.window["in_c"] // made.group_in
        return f"{n} groups of channels" if n > 1 else None

    def depth(attrs: Any, io: Io) -> int:
        return _round_up(int(np.prod(arrange(attrs, io).weights.shape[1:])), 4)

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_s8_dsp_t`."""
        made = arrange(attrs, io)
        n = made.window["out_c"]
        rows = made.weights.reshape(n, -1)
        return {
            "window": made.window,
            "depth": depth(attrs, io),
            "weights": pack(rows, 2),
            "bias": folded_bias(io, rows, 2),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": fields.output_s8(io, attrs.activation, n),
        }

    def cost(attrs: Any, io: Io) -> int:
        """5.4 per step of 4 of a channel in a block of 3 positions."""
        made = arrange(attrs, io)
        blocks = -(-made.n_outputs // made.window["out_c"] // _POSITIONS)
        return blocks * made.window["out_c"] * depth(attrs, io) * 3

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """Three strips of 16-bit values, and one of bytes."""
        return depth(attrs, io) * (2 * _POSITIONS + 1)

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        return overlap.by_positions(attrs, io, _POSITIONS)

    return _on_both(
        Card(
            "iseul_conv2d_s8_dsp",
            "iseul_conv_s8_dsp_t",
            (*grouped.INT8, one_group, grouped.centred, scales_down),
            cost,
            emit,
            scratch_bytes=scratch_bytes,
            overlap=overlaps,
        )
    )
