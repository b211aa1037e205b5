# SPDX-License-Identifier: Apache-2.0
"""Cards of int8 kernels for vectors of 128 bits: x86-64, arm64, WebAssembly (`iseul_simd128.h`).

Weights are packed ahead of time: eight output channels lie in the lanes of two vectors, and the
two weights of a pair of values beside each other. The input's zero point is taken off in the
bias. Costs are estimates of instructions on x86-64, by hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _overlap as overlap
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._dsp import folded_bias, is_folded, one_to_one
from iseul.compile.kernels._proofs import ends_of_sums
from iseul.graph.ops._quantized import output_multipliers, zero_point

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.compile.kernels._card import Fields
    from iseul.compile.kernels._grouped import Arranged
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

    Arrange = Callable[[Any, Io], Arranged]
    Overlap = Callable[[Any, Io], Mapping[int, int]]
    RowsOf = Callable[[Any, Io], Array]

ISA: Final = "simd128"
LANES = 8  # channels at a time
POSITIONS = 4  # of a block
_SHIFTS = range(-31, 0)
_MOST_SUM = 1 << 30


def scales_down(attrs: Any, io: Io) -> str | None:
    """sums are scaled by less than 1/2 and by 2^-32 or more, or by 0"""
    beyond = [int(shift) for shift in _shifts(io, 1) if shift not in _SHIFTS]
    return f"a scale is near 2^{beyond[0]}" if beyond else None


def _shifts(io: Io, n_together: int) -> Array:
    """Shifts of all channels, filled up; what is multiplied by 0 may be shifted by anything."""
    n = io.outputs[0].shape[-1]
    multiplier, shift = output_multipliers(io, n)
    found = np.full(_round_up(n, n_together), -1, np.int64)
    found[:n] = np.where(multiplier == 0, -1, shift)
    return found


def _round_up(n: int, to: int) -> int:
    return -(-n // to) * to


def _scales(io: Io, rows: Array) -> Array:
    """Per eight channels the words that `iseul_scale_s32x4` reads, behind the biases; flat.

    rows: of weights (n, k)
    """
    n = len(rows)
    shift = -_shifts(io, LANES)
    words = np.zeros((6, len(shift)), np.int64)
    words[0] = folded_bias(io, rows, LANES).astype(np.int64) + (1 << 31)
    words[2, :n], _ = output_multipliers(io, n)
    words[1] = 2 * words[2]
    words[3] = (1 << (shift - 1)) + (1 << 31)
    words[4] = 1 << (32 - shift)
    words[5] = zero_point(io.outputs[0]) - (1 << (31 - shift))
    of_blocks = words.reshape(6, -1, 4).transpose(1, 0, 2)
    of_blocks[:, 2:5] = of_blocks[:, 2:5, [0, 2, 1, 3]]
    eights = of_blocks.reshape(-1, 2, 6, 4).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(eights & 0xFFFF_FFFF).astype(np.uint32).view(np.int32).reshape(-1)


def _pairs(rows: Array, depth: int) -> Array:
    """Rows of weights (n, k) by eight channels, pairs of values, channels: flat.

    depth: k, rounded up
    """
    n, k = rows.shape
    full = np.zeros((_round_up(n, LANES), depth), np.int8)
    full[:n, :k] = rows
    of_blocks = full.reshape(-1, LANES, depth // 2, 2).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(of_blocks).reshape(-1)


def _clamp(attrs: Any, io: Io) -> Fields:
    """`iseul_clamp_simd128_t`."""
    return fields.clamp_s8(io, attrs.activation)


def _rows(made: Arranged) -> Array:
    return made.weights.reshape(len(made.weights), -1)


def _depth(made: Arranged) -> int:
    return _round_up(int(np.prod(made.weights.shape[1:])), 8)


def _in_31_bits(rows_of: RowsOf) -> Callable[[Any, Io], str | None]:
    """A card's rule."""

    def rule(attrs: Any, io: Io) -> str | None:
        """no sum with its bias is beyond 2^30"""
        least, most = ends_of_sums(io, rows_of(attrs, io))
        beyond = max(int(most.max(initial=0)), -int(least.min(initial=0)))
        return f"they may reach {beyond:,}" if beyond > _MOST_SUM else None

    return rule


def _folded(rows_of: RowsOf) -> Callable[[Any, Io], tuple[Proof, ...]]:
    """A card's proofs: of the bias that has the input's zero point."""
    return lambda attrs, io: (is_folded(io, rows_of(attrs, io)),)


def _n_positions(made: Arranged) -> int:
    return made.n_outputs // made.window["out_c"]


def convolution(arrange: Arrange, overlaps: Overlap) -> Card:
    """The card of an op that `arrange` makes a convolution in groups; it takes one group.

    overlaps: how far the output may lie over the input, POSITIONS at a time
    """

    def one_group(attrs: Any, io: Io) -> str | None:
        """all output channels read all input channels"""
        made = arrange(attrs, io)
        n = made.window["in_c"] // made.group_in
        return f"{n} groups of channels" if n > 1 else None

    def rows_of(attrs: Any, io: Io) -> Array:
        return _rows(arrange(attrs, io))

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_s8_simd128_t`."""
        made = arrange(attrs, io)
        return {
            "window": made.window,
            "depth": _depth(made),
            "weights": _pairs(_rows(made), _depth(made)),
            "scales": _scales(io, _rows(made)),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": _clamp(attrs, io),
        }

    def cost(attrs: Any, io: Io) -> int:
        """Per position 60, 10 per row of its window and 1 per value; per 8 channels of 4
        positions 240 and 28 per pair of values, of one position 75 and 11.
        """
        made = arrange(attrs, io)
        n, pairs = _n_positions(made), _depth(made) // 2
        of_windows = n * (60 + 10 * made.window["kernel_h"] + 2 * pairs)
        fours, ones = divmod(n, POSITIONS)
        eights = -(-made.window["out_c"] // LANES)
        return of_windows + eights * (fours * (240 + 28 * pairs) + ones * (75 + 11 * pairs))

    def scratch(attrs: Any, io: Io) -> int:
        """Windows of four positions in 16 bits."""
        return 2 * POSITIONS * _depth(arrange(attrs, io))

    return Card(
        "iseul_conv2d_s8_simd128",
        "iseul_conv_s8_simd128_t",
        (*grouped.INT8, one_group, grouped.centred, scales_down, _in_31_bits(rows_of)),
        cost,
        emit,
        isa=ISA,
        scratch_bytes=scratch,
        overlap=overlaps,
        proofs=_folded(rows_of),
    )


def of_conv2d() -> Card:
    """The card of conv2d."""

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        return overlap.by_positions(attrs, io, POSITIONS)

    return convolution(grouped.of_conv2d, overlaps)


def of_fully_connected() -> Card:
    """The card of fully connected layers, whose rows are positions."""

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        return overlap.point_by_point(io, POSITIONS)

    return convolution(grouped.of_fully_connected, overlaps)


# --- depthwise


def _columns(window: Mapping[str, int]) -> int:
    """Columns that the windows of a row reach, those on padding too."""
    last = (window["out_w"] - 1) * window["stride_w"]
    return last + (window["kernel_w"] - 1) * window["dilation_w"] + 1


def depthwise() -> Card:
    """The card of depthwise convolution."""

    def taps_of(attrs: Any, io: Io) -> tuple[Arranged, int]:
        made = grouped.of_depthwise_conv2d(attrs, io)
        return made, _round_up(_rows(made).shape[1], 2)

    def rows_of(attrs: Any, io: Io) -> Array:
        return _rows(taps_of(attrs, io)[0])

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_depthwise_s8_simd128_t`."""
        made, taps = taps_of(attrs, io)
        w = made.window
        wide = _round_up(w["in_c"], LANES)
        rows = np.arange(w["kernel_h"])[:, None] * _columns(w)
        columns = np.arange(w["kernel_w"]) * w["dilation_w"]
        places = np.zeros(taps, np.int32)
        places[: len(rows) * len(columns)] = ((rows + columns) * wide).reshape(-1)
        return {
            "window": w,
            "columns": _columns(w),
            "taps": taps,
            "places": places,
            "weights": _pairs(_rows(made), taps).astype(np.int16),
            "scales": _scales(io, _rows(made)),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": _clamp(attrs, io),
        }

    def cost(attrs: Any, io: Io) -> int:
        """Per value of a strip 1, per row of one 30; per 8 channels of a position 75 and 13 per
        pair of taps.
        """
        made, taps = taps_of(attrs, io)
        w = made.window
        strips = w["batch"] * w["out_h"] * w["kernel_h"]
        values = strips * (30 + _columns(w) * _round_up(w["in_c"], LANES))
        eights = _n_positions(made) * -(-w["in_c"] // LANES)
        return values + eights * (75 + 13 * taps // 2)

    def scratch(attrs: Any, io: Io) -> int:
        """The rows of an output row's windows in 16 bits."""
        w = taps_of(attrs, io)[0].window
        return 2 * w["kernel_h"] * _columns(w) * _round_up(w["in_c"], LANES)

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        return overlap.by_rows(attrs, io, 1)

    return Card(
        "iseul_depthwise_conv2d_s8_simd128",
        "iseul_depthwise_s8_simd128_t",
        (*grouped.INT8, one_to_one, grouped.centred, scales_down, _in_31_bits(rows_of)),
        cost,
        emit,
        isa=ISA,
        scratch_bytes=scratch,
        overlap=overlaps,
        proofs=_folded(rows_of),
    )
