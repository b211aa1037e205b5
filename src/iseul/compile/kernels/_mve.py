# SPDX-License-Identifier: Apache-2.0
"""Cards of int8 kernels for Cortex-M cores with Helium (`iseul_mve.h`).

Weights are packed ahead of time in the order in which the blocks of a kernel read them, filled up
with zeros to multiples of 16, and the input's zero point is taken off in the bias. Behind the
weights of a block stand its biases, multipliers and shifts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _overlap as overlap
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._dsp import folded_bias, is_folded, one_to_one
from iseul.compile.proofs import Division
from iseul.graph.ops._quantized import output_multipliers, zero_point

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.compile.kernels._card import Fields
    from iseul.compile.kernels._grouped import Arranged
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

    Arrange = Callable[[Any, Io], Arranged]

ISA: Final = "armv81m-mve"
LANES = 16  # bytes of a vector
_POSITIONS = 3  # of a block of `iseul_quads_3`
_SHIFTS = range(-31, 0)


def scales_down(attrs: Any, io: Io) -> str | None:
    """sums are scaled by less than 1/2 and by 2^-32 or more"""
    return fields.scales_within(io, _SHIFTS)


def round_up(n: int, to: int) -> int:
    """The next multiple of `to`."""
    return -(-n // to) * to


def clamp(attrs: Any, io: Io) -> Fields:
    """`iseul_clamp_mve_t`."""
    return {"zero_point": zero_point(io.outputs[0]), **fields.clamp_s8(io, attrs.activation)}


# --- weights as blocks read them


def _in_steps(rows: Array) -> Array:
    """Rows of weights (n, k) as blocks of four rows by steps of 16: (blocks, steps, 4, 16)."""
    n, k = rows.shape
    full = np.zeros((round_up(n, 4), round_up(k, LANES)), np.int8)
    full[:n, :k] = rows
    return full.reshape(-1, 4, full.shape[1] // LANES, LANES).transpose(0, 2, 1, 3)


def pack_pairs(rows: Array) -> Array:
    """Rows of weights (n, k) as `iseul_quads_3` reads them: (blocks, bytes)."""
    steps = _in_steps(rows)
    there, back = steps[:, :, 0::2], steps[:, ::-1, 1::2]
    return np.concatenate([there.reshape(len(steps), -1), back.reshape(len(steps), -1)], axis=1)


def pack_fours(rows: Array) -> Array:
    """Rows of weights (n, k) as `iseul_quads_1` reads them: (blocks, bytes)."""
    steps = _in_steps(rows)
    return np.roll(steps, 1, axis=1).reshape(len(steps), -1)


def with_scales(io: Io, rows: Array, blocks: Array, n_together: int) -> Array:
    """Blocks of packed weights (blocks, bytes), each followed by the biases, multipliers and
    shifts of its n_together channels as words; flat.

    rows: of weights (n, k); the channels that fill up the last block get zeros and shift -1
    """
    n = len(rows)
    multiplier, shift = output_multipliers(io, n)
    words = np.zeros((3, round_up(n, n_together)), np.int32)
    words[0] = folded_bias(io, rows, n_together)
    words[1, :n] = multiplier
    words[2] = -1
    words[2, :n] = shift
    scales = words.reshape(3, -1, n_together).transpose(1, 0, 2).astype("<i4")
    tail = np.ascontiguousarray(scales).view(np.int8).reshape(len(blocks), -1)
    return np.concatenate([blocks, tail], axis=1).reshape(-1)


# --- convolutions: blocks of four channels and three positions


_MOST_COLUMNS = 4096  # bytes of a row of windows that share columns
_MOST_WINDOWS = 2048  # bytes of windows that do not, but at least one
_MOST_ROWS = 6144  # bytes of three rows of windows


def n_positions(made: Arranged) -> int:
    """Positions of all samples."""
    return made.n_outputs // made.window["out_c"]


def cost_of_block(made: Arranged) -> int:
    """Per block of 3 positions 22, per 4 channels of it 24 per step of 16 and 42."""
    steps = -(-int(np.prod(made.weights.shape[1:])) // LANES)
    return 22 + -(-made.window["out_c"] // 4) * (24 * steps + 42)


@dataclass(frozen=True, eq=False)
class Strip:
    """How `iseul_conv2d_s8_mve` lays out windows: with columns that they share, or each alone.

    rows: of weights (n, k) in the order of the windows' values
    """

    made: Arranged
    rows: Array
    columns: int
    pitch: int
    together: int

    @property
    def depth(self) -> int:
        return round_up(self.rows.shape[1], LANES)

    @property
    def row_bytes(self) -> int:
        return round_up((self.together - 1) * self.pitch + self.depth, 4)

    @property
    def n_rows(self) -> int:
        """3 where blocks of one position of each of three rows spare a twentieth, else 1."""
        w = self.made.window
        whole = self.together == w["out_w"] and w["out_h"] >= _POSITIONS
        if not whole or _POSITIONS * self.row_bytes > _MOST_ROWS:
            return 1
        apart = w["out_h"] * -(-w["out_w"] // _POSITIONS)
        threes, ones = divmod(w["out_h"], _POSITIONS)
        blocks = threes * w["out_w"] + ones * -(-w["out_w"] // _POSITIONS)
        return _POSITIONS if 20 * blocks <= 19 * apart else 1

    @property
    def n_bytes(self) -> int:
        return self.n_rows * self.row_bytes

    @property
    def n_blocks(self) -> int:
        """Blocks of positions of a sample."""
        w = self.made.window
        threes, ones = divmod(w["out_h"], _POSITIONS) if self.n_rows > 1 else (0, w["out_h"])
        pieces = [min(self.together, w["out_w"] - x) for x in range(0, w["out_w"], self.together)]
        return threes * w["out_w"] + ones * sum(-(-n // _POSITIONS) for n in pieces)

    @property
    def cost(self) -> int:
        """6 per piece of up to 16 bytes of a row or column, 6 per window, 120 per row."""
        w = self.made.window
        if self.columns:
            pieces = self.columns * w["kernel_h"] * -(-w["in_c"] // LANES)
        else:
            pieces = w["out_w"] * (1 + w["kernel_h"] * -(-w["kernel_w"] * w["in_c"] // LANES))
        return w["batch"] * w["out_h"] * (120 + 6 * pieces)


def strip_of(made: Arranged) -> Strip:
    """The cheaper layout of those that fit."""
    w, n = made.window, len(made.weights)
    depth = round_up(int(np.prod(made.weights.shape[1:])), LANES)
    together = min(w["out_w"], max(1, _MOST_WINDOWS // depth // _POSITIONS * _POSITIONS))
    alone = Strip(made, made.weights.reshape(n, -1), 0, depth, together)
    if w["dilation_w"] > 1 and w["kernel_w"] > 1:
        return alone
    columns = (w["out_w"] - 1) * w["stride_w"] + w["kernel_w"]
    by_column = made.weights.transpose(0, 2, 1, 3).reshape(n, -1)
    pitch = w["stride_w"] * w["kernel_h"] * w["in_c"]
    shared = Strip(made, by_column, columns, pitch, w["out_w"])
    fits = shared.row_bytes <= _MOST_COLUMNS
    return shared if fits and shared.cost < alone.cost else alone


def convolution(arrange: Arrange) -> tuple[Card, ...]:
    """The cards of an op that `arrange` makes a convolution in groups; they take one group."""

    def one_group(attrs: Any, io: Io) -> str | None:
        """all output channels read all input channels"""
        made = arrange(attrs, io)
        n = made.window["in_c"] // made.group_in
        return f"{n} groups of channels" if n > 1 else None

    def pointwise(attrs: Any, io: Io) -> str | None:
        """kernels are 1x1, and each position is read once"""
        w = arrange(attrs, io).window
        ones = [w[k] for k in ("kernel_h", "kernel_w", "stride_h", "stride_w")]
        same = (w["in_h"], w["in_w"]) == (w["out_h"], w["out_w"])
        if ones == [1, 1, 1, 1] and same:
            return None
        return f"kernel {ones[0]}x{ones[1]}, stride {ones[2]}x{ones[3]}"

    def several(attrs: Any, io: Io) -> str | None:
        """there are several positions"""
        return "there is one" if n_positions(arrange(attrs, io)) == 1 else None

    def whole_vectors(attrs: Any, io: Io) -> str | None:
        """the number of input channels is a multiple of 16"""
        n = arrange(attrs, io).window["in_c"]
        return f"there are {n}" if n % LANES else None

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_s8_mve_t`."""
        strip = strip_of(arrange(attrs, io))
        return {
            "window": strip.made.window,
            "depth": strip.depth,
            "columns": strip.columns,
            "pitch": strip.pitch,
            "together": strip.together,
            "rows": strip.n_rows,
            "row_bytes": strip.row_bytes,
            "channels": with_scales(io, strip.rows, pack_pairs(strip.rows), 4),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": clamp(attrs, io),
        }

    def emit_points(attrs: Any, io: Io) -> Fields:
        """`iseul_pointwise_s8_mve_t`."""
        made = arrange(attrs, io)
        rows = made.weights.reshape(len(made.weights), -1)
        return {
            "positions": n_positions(made),
            "in_c": made.window["in_c"],
            "out_c": made.window["out_c"],
            "depth": round_up(rows.shape[1], LANES),
            "channels": with_scales(io, rows, pack_pairs(rows), 4),
            "output": clamp(attrs, io),
        }

    def cost_points(attrs: Any, io: Io) -> int:
        """Per block of 3 positions 22, per 4 channels of it 24 per step of 16 and 42."""
        made = arrange(attrs, io)
        return -(-n_positions(made) // _POSITIONS) * cost_of_block(made)

    def cost(attrs: Any, io: Io) -> int:
        """As pointwise, and 6 per piece of up to 16 bytes of a row or column, 6 per window, 120
        per row of windows.
        """
        strip = strip_of(arrange(attrs, io))
        n_blocks = strip.made.window["batch"] * strip.n_blocks
        return n_blocks * cost_of_block(strip.made) + strip.cost

    def scratch(attrs: Any, io: Io) -> int:
        """Windows of some positions, or the columns of a row of windows."""
        return strip_of(arrange(attrs, io)).n_bytes

    def last_position(attrs: Any, io: Io) -> int:
        """Three times the bytes of a position."""
        made = arrange(attrs, io)
        return _POSITIONS * round_up(made.group_in, LANES)

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        strip = strip_of(arrange(attrs, io))
        width = strip.made.window["out_w"]
        if strip.together < width or strip.n_rows > 1:
            return overlap.by_rows(attrs, io, strip.n_rows)
        return overlap.by_positions(attrs, io, width)

    def overlaps_points(attrs: Any, io: Io) -> Mapping[int, int]:
        return overlap.point_by_point(io, _POSITIONS)

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        weights = arrange(attrs, io).weights
        return (is_folded(io, weights.reshape(len(weights), -1)),)

    general = Card(
        "iseul_conv2d_s8_mve",
        "iseul_conv_s8_mve_t",
        (*grouped.INT8, one_group, grouped.centred, scales_down),
        cost,
        emit,
        isa=ISA,
        scratch_bytes=scratch,
        overlap=overlaps,
        proofs=proofs_of,
    )
    of_any = replace(
        general,
        symbol="iseul_pointwise_tail_s8_mve",
        params="iseul_pointwise_s8_mve_t",
        fits=(*general.fits, pointwise, several),
        cost=cost_points,
        emit=emit_points,
        scratch_bytes=last_position,
        overlap=overlaps_points,
    )
    of_vectors = Card(
        "iseul_pointwise_s8_mve",
        "iseul_pointwise_s8_mve_t",
        (*general.fits, pointwise, several, whole_vectors),
        cost_points,
        emit_points,
        isa=ISA,
        overlap=overlaps_points,
        proofs=proofs_of,
    )
    return (of_vectors, of_any, general)


# --- fully connected: blocks of four outputs


def fully_connected() -> tuple[Card, ...]:
    """The cards of fully connected layers: rows one by one, or as positions."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_fully_connected_s8_mve_t`."""
        rows = fields.data_of(io.inputs[1])
        n, n_in = rows.shape
        return {
            "rows": io.outputs[0].n_elements // n,
            "in_size": n_in,
            "out_size": n,
            "channels": with_scales(io, rows, pack_fours(rows), 4),
            "output": clamp(attrs, io),
        }

    def cost(attrs: Any, io: Io) -> int:
        """10 per step of 16 of four outputs, 22 per four outputs, 30 per row."""
        n, n_in = io.inputs[1].shape
        quads, steps = -(-n // 4), -(-n_in // LANES)
        return int(io.outputs[0].n_elements // n) * (30 + quads * (10 * steps + 22))

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        return (is_folded(io, fields.data_of(io.inputs[1])),)

    alone = Card(
        "iseul_fully_connected_s8_mve",
        "iseul_fully_connected_s8_mve_t",
        (*grouped.INT8, grouped.centred, scales_down),
        cost,
        emit,
        isa=ISA,
        proofs=proofs_of,
    )
    together = convolution(grouped.of_fully_connected)[:2]
    return (alone, *together)


# --- depthwise: the taps of a channel in a vector


@dataclass(frozen=True, eq=False)
class Taps:
    """How `iseul_depthwise_conv2d_s8_mve` runs a node one way round.

    window:   `iseul_window_t`, rows and columns swapped if `turned`
    weights:  (channels, rows, columns), the same way round
    in_row:   taps of one row are the four of a word, else those of one column
    columns:  of a strip
    shared:   output rows made of one strip
    together: strips made before outputs are
    """

    window: Mapping[str, int]
    weights: Array
    turned: bool
    in_row: bool
    columns: int
    shared: int
    together: int

    @property
    def n_strips(self) -> int:
        return -(-self.window["out_h"] // self.shared)

    @property
    def words(self) -> list[int]:
        """The column of a strip that each word of taps is at, in order."""
        kernel_w, dilation = self.window["kernel_w"], self.window["dilation_w"]
        if self.in_row:
            return [4 * i * dilation for i in range(-(-kernel_w // 4))]
        if self.paired:
            return [min(i, kernel_w) for i in range(4)]
        return [i * dilation for i in range(kernel_w)]

    @property
    def paired(self) -> bool:
        """Whether four words hold the taps of an output and of the next one in a row."""
        w = self.window
        is_close = w["stride_w"] == 1 and (w["dilation_w"] == 1 or w["kernel_w"] == 1)
        return is_close and w["kernel_w"] < 4 and not self.in_row

    @property
    def packed(self) -> Array:
        """16 weights per channel: four words."""
        n, kernel_h, kernel_w = self.weights.shape
        found = np.zeros((n, 4, 4), np.int8)
        if self.in_row:
            found.reshape(n, LANES)[:, :kernel_w] = self.weights[:, 0]
        else:
            found[:, :kernel_w, :kernel_h] = self.weights.transpose(0, 2, 1)
        return found.reshape(n, LANES)

    @property
    def cost(self) -> int:
        """Per strip of 16 channels 150, per column of it 14; per channel and rows that share a
        position in strips 20; per row of outputs 8, per 8 outputs of it 38, per 4 that are over
        32; 34 and 30 where neighbours share words.
        """
        w = self.window
        blocks, passes = -(-w["in_c"] // LANES), -(-self.n_strips // self.together)
        strips = self.n_strips * blocks * (150 + 14 * self.columns)
        eight, four = (34, 30) if self.paired else (38, 32)
        row = 8 + eight * ((w["out_w"] + 3) // 8) + (four if 0 < w["out_w"] % 8 <= 4 else 0)
        channel = passes * self.shared * 20 + w["out_h"] * row
        return w["batch"] * (strips + w["in_c"] * channel)


_MOST_STRIPS = 6144  # bytes; in place where all fit
_SOME_STRIPS = 2048


def _turn(window: Mapping[str, int]) -> dict[str, int]:
    swap = {"_h": "_w", "_w": "_h"}
    found = {name[:-2] + swap.get(name[-2:], name[-2:]): n for name, n in window.items()}
    return {**found, "pad_top": window["pad_left"], "pad_left": window["pad_top"]}


def _taps_of(attrs: Any, io: Io, turned: bool) -> Taps | None:
    """The node one way round, or None if it does not fit."""
    made = grouped.of_depthwise_conv2d(attrs, io)
    weights = made.weights[:, :, :, 0]
    window = {name: made.window[name] for name in fields.WINDOW}
    if turned:
        weights, flipped = weights.transpose(0, 2, 1), _turn(window)
        window = {name: flipped[name] for name in fields.WINDOW}
    kernel_h, kernel_w = window["kernel_h"], window["kernel_w"]
    in_row = kernel_h == 1 and kernel_w > 1
    fits = kernel_w <= LANES if in_row else kernel_h <= 4 and kernel_w <= 4
    y_column = window["in_c"] * (window["out_h"] if turned else 1)
    if not fits or window["stride_w"] > 2 or 7 * y_column >= 1 << 16:
        return None
    is_close = window["stride_h"] == 1 and window["dilation_h"] == 1 and not in_row
    shared = min(5 - kernel_h, window["out_h"]) if is_close else 1
    last = (4 * (-(-kernel_w // 4)) - 4 if in_row else kernel_w - 1) * window["dilation_w"]
    columns = (round_up(window["out_w"], 4) - 1) * window["stride_w"] + last + 1
    n_strips, strip = -(-window["out_h"] // shared), 64 * columns
    together = max(1, _SOME_STRIPS // strip)
    if n_strips * strip <= _MOST_STRIPS and io.inputs[0].shape == io.outputs[0].shape:
        together = n_strips
    return Taps(window, weights, turned, in_row, columns, shared, min(together, n_strips))


def taps_of(attrs: Any, io: Io) -> Taps | None:
    """The cheaper way round of those that fit, or None."""
    ways = [_taps_of(attrs, io, turned) for turned in (False, True)]
    return min((way for way in ways if way), key=lambda way: way.cost, default=None)


def one_vector(attrs: Any, io: Io) -> str | None:
    """kernels have up to 4x4 taps, or 16 in a row or column; windows in a row are 1 or 2 apart"""
    if taps_of(attrs, io) is not None:
        return None
    return f"kernel {io.inputs[1].shape[1:3]}, stride {attrs.stride}"


def depthwise() -> tuple[Card, ...]:
    """The cards of depthwise convolution."""

    def found(attrs: Any, io: Io) -> Taps:
        taps = taps_of(attrs, io)
        assert taps is not None, "the card does not fit"
        return taps

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_depthwise_s8_mve_t`."""
        taps = found(attrs, io)
        w = taps.window
        words = np.zeros(4, np.int32)
        words[: len(taps.words)] = [64 * column for column in taps.words]
        rows = taps.weights.reshape(len(taps.weights), -1)
        x_steps, y_steps = (1, w["in_w"]), (1, w["out_w"])
        if taps.turned:
            x_steps, y_steps = (w["in_h"], 1), (w["out_h"], 1)
        return {
            "window": w,
            "x_row": x_steps[1] * w["in_c"],
            "x_column": x_steps[0] * w["in_c"],
            "y_row": y_steps[1] * w["in_c"],
            "y_column": y_steps[0] * w["in_c"],
            "four_rows": 0 if taps.in_row else w["dilation_h"],
            "four_columns": w["dilation_w"] if taps.in_row else 0,
            "columns": taps.columns,
            "shared": taps.shared,
            "together": taps.together,
            "paired": int(taps.paired),
            "words": words,
            "channels": with_scales(io, rows, taps.packed, 1),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": clamp(attrs, io),
        }

    def cost(attrs: Any, io: Io) -> int:
        """Per strip of 16 channels 150, per column of it 14; per channel and rows that share a
        position in strips 20; per row of outputs 8, per 8 outputs of it 38, per 4 that are over
        32; 34 and 30 where neighbours share words.
        """
        return found(attrs, io).cost

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """Strips of 64 bytes per column."""
        taps = found(attrs, io)
        return 64 * taps.columns * taps.together

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        taps = found(attrs, io)
        return (is_folded(io, taps.weights.reshape(len(taps.weights), -1)),)

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        taps = found(attrs, io)
        if taps.together == taps.n_strips and io.inputs[0].shape == io.outputs[0].shape:
            return overlap.in_place(attrs, io)
        return {} if taps.turned else overlap.by_rows(attrs, io, taps.together * taps.shared)

    return (
        Card(
            "iseul_depthwise_conv2d_s8_mve",
            "iseul_depthwise_s8_mve_t",
            (*grouped.INT8, one_to_one, grouped.centred, scales_down, one_vector),
            cost,
            emit,
            isa=ISA,
            scratch_bytes=scratch_bytes,
            overlap=overlaps,
            proofs=proofs_of,
        ),
    )


# --- sums and averages


def linear(card: Card) -> Card:
    """The card of a proven linear sum for Helium, from that of plain C."""

    def cost(attrs: Any, io: Io) -> int:
        """9 per four values."""
        return 9 * -(-io.outputs[0].n_elements // 4) + 25

    return replace(card, symbol="iseul_add_linear_s8_mve", isa=ISA, cost=cost)


def division(taps: int) -> Division | None:
    """The shorter division of an average of `taps` int8, if it holds."""
    shift = (taps - 1).bit_length() - 1
    found = Division(taps, -(-(1 << (16 + max(0, shift))) // taps), shift)
    return found if found.holds() else None


def average_pool() -> Card:
    """The card of average pools."""

    def no_padding(attrs: Any, io: Io) -> str | None:
        """windows have no padding, and values no offset"""
        if not any(attrs.pads) and attrs.offset == 0:
            return None
        return f"pads {attrs.pads}, offset {attrs.offset}"

    def few_taps(attrs: Any, io: Io) -> str | None:
        """windows have 2 to 255 taps, whose sums fit into 16 bits"""
        taps = attrs.kernel_size[0] * attrs.kernel_size[1]
        return None if division(taps) else f"they have {taps}"

    def eight_channels(attrs: Any, io: Io) -> str | None:
        """there are at least 8 channels"""
        n = io.inputs[0].shape[3]
        return None if n >= 8 else f"there are {n}"

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_average_pool_mve_t`."""
        taps = attrs.kernel_size[0] * attrs.kernel_size[1]
        found = division(taps)
        assert found is not None, "the rule says so"
        return {
            "window": fields.window(attrs, io, attrs.kernel_size),
            "half": taps // 2,
            "factor": found.factor,
            "shift": found.shift,
            **fields.clamp_s8(io, attrs.activation),
        }

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        found = division(attrs.kernel_size[0] * attrs.kernel_size[1])
        assert found is not None, "the rule says so"
        return (found,)

    def cost(attrs: Any, io: Io) -> int:
        """Per eight channels 60, per row of a window of them 5, per tap 4."""
        rows, columns = attrs.kernel_size
        *places, channels = io.outputs[0].shape
        return int(np.prod(places)) * -(-channels // 8) * (60 + rows * (5 + 4 * columns))

    return Card(
        "iseul_average_pool2d_s8_mve",
        "iseul_average_pool_mve_t",
        (kinds("int8"), no_padding, few_taps, eight_channels),
        cost,
        emit,
        isa=ISA,
        overlap=overlap.by_position,
        proofs=proofs_of,
    )
