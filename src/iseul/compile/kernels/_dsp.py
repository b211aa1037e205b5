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
from iseul.compile.kernels import _joined as joined
from iseul.compile.kernels import _overlap as overlap
from iseul.compile.kernels import _proofs as proofs
from iseul.compile.kernels._card import Card
from iseul.graph.ops._quantized import output_multipliers, zero_point
from iseul.numerics.requantize import wrap_int32

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compile.kernels._card import Fields
    from iseul.compile.kernels._grouped import Arrange
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

SHIFTS = range(-23, -1)  # `iseul_scale_of`
_LONGEST_ROW = 256  # inputs of a row that is widened in scratch: more would be most of an arena
_POSITIONS = 3  # of a block of iseul_conv2d_s8_dsp


def on_both(card: Card) -> tuple[Card, ...]:
    """The card for each instruction set that has the DSP extension."""
    return tuple(replace(card, isa=isa) for isa in ("armv7em-dsp", "armv8m-dsp"))


def _channels(io: Io) -> int:
    return io.outputs[0].shape[-1]


def scales_down(attrs: Any, io: Io) -> str | None:
    """sums are scaled by less than 1/4 and by 2^-24 or more"""
    return fields.scales_within(io, SHIFTS)


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


def strip_rows(weights: Array) -> Array:
    """Weights (n, kernel_h, kernel_w, in_c) as rows in the order of `iseul_strips.h`, (n, k): of
    each row of the window as many as fill words, then what is left of all rows.
    """
    n, height, *_ = weights.shape
    rows = weights.reshape(n, height, -1)
    whole = rows.shape[2] // 4 * 4
    parts = [rows[:, :, :whole].reshape(n, -1), rows[:, :, whole:].reshape(n, -1)]
    return np.concatenate(parts, axis=1)


def folded_bias(io: Io, rows: Array, n_together: int) -> Array:
    """The bias minus what the input's zero point adds to the sums, filled up with zeros.

    Sums are taken modulo 2^32, as the kernels do.
    """
    n = len(rows)
    offset = zero_point(io.inputs[0]) * rows.astype(np.int64).sum(1)
    found = np.zeros(_round_up(n, n_together), np.int32)
    found[:n] = wrap_int32(fields.bias(io, n).astype(np.int64) - offset)
    return found


def is_folded(io: Io, rows: Array) -> Proof:
    """The proof of `folded_bias`."""
    return proofs.folded(io, rows, folded_bias(io, rows, 1))


def channels_of(io: Io, rows: Array, is_joined: bool) -> Array:
    """All that a block of two channels reads, one block after the other, as bytes: what sums
    start with, weights, multipliers, and -1 - shift.
    """
    n = len(rows)
    multiplier, shift = output_multipliers(io, n)
    scales = np.zeros((2, _round_up(n, 2)), np.int32)
    scales[0, :n] = multiplier
    scales[1, :n] = -1 - shift
    scales[1, n:] = 1
    last = np.zeros((len(scales[1]) // 2, 4), np.uint8)
    last[:, :2] = scales[1].reshape(-1, 2)
    bias = folded_bias(io, rows, 2)
    first = joined.twos(joined.filled(rows, 2), bias) if is_joined else (bias, pack(rows, 2))
    parts = (*first, scales[0], last)
    n_blocks = len(last)
    little = [part.astype(part.dtype.newbyteorder("<")).reshape(n_blocks, -1) for part in parts]
    return np.concatenate([part.view(np.int8) for part in little], axis=1).reshape(-1)


def _n_inside(window: Mapping[str, int]) -> int:
    """Positions of a sample whose windows touch no padding."""
    n = 1
    for axis, pad in (("h", "pad_top"), ("w", "pad_left")):
        start = np.arange(window[f"out_{axis}"]) * window[f"stride_{axis}"] - window[pad]
        last = start + (window[f"kernel_{axis}"] - 1) * window[f"dilation_{axis}"]
        n *= int(np.count_nonzero((start >= 0) & (last < window[f"in_{axis}"])))
    return n


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

    def can_be_joined(attrs: Any, io: Io) -> str | None:
        """weights of two channels fit into 16 bits together, and their sums into 24"""
        rows = strip_rows(arrange(attrs, io).weights)
        found = joined.join(joined.filled(rows, 2), folded_bias(io, rows, 2))
        return "they do not" if found is None else None

    def emit(attrs: Any, io: Io, is_joined: bool = False) -> Fields:
        """`iseul_conv_s8_dsp_t`."""
        made = arrange(attrs, io)
        rows = strip_rows(made.weights)
        return {
            "window": made.window,
            "depth": depth(attrs, io),
            "channels": channels_of(io, rows, is_joined),
            "in_zero_point": zero_point(io.inputs[0]),
            "zero_point": zero_point(io.outputs[0]),
            **fields.clamp_s8(io, attrs.activation),
        }

    def cost(attrs: Any, io: Io) -> int:
        """Per block of 3 positions 50, per 2 channels of it 20.75 per step of 4 and 75. Per
        position 50, 1.1 per value of its window, 20 per row of a window of several rows, 5 per
        value that fills no word of its row; where it touches padding 22 per tap.
        """
        made = arrange(attrs, io)
        w, n, k = made.window, made.window["out_c"], depth(attrs, io)
        positions = made.n_outputs // n
        rows = w["kernel_h"]
        gathered = 50 + 11 * k // 10 + (20 * rows if rows > 1 else 0)
        gathered += 5 * rows * (w["kernel_w"] * w["in_c"] % 4)
        on_padding = 22 * rows * w["kernel_w"] * (positions - w["batch"] * _n_inside(w))
        pairs = -(-n // 2) * (83 * k // 16 + 75)
        return -(-positions // _POSITIONS) * (50 + pairs) + positions * gathered + on_padding

    def blocks(attrs: Any, io: Io) -> int:
        """Blocks of two channels and three positions."""
        made = arrange(attrs, io)
        positions = made.n_outputs // made.window["out_c"]
        return -(-positions // _POSITIONS) * -(-made.window["out_c"] // 2)

    def cost_joined(attrs: Any, io: Io) -> int:
        """As without, but 17.75 for 20.75 per step, and 79 for 75 per two channels."""
        return cost(attrs, io) - blocks(attrs, io) * (3 * depth(attrs, io) // 4 - 4)

    def cost_rectified(attrs: Any, io: Io) -> int:
        """As joined, but 73 for 79."""
        return cost_joined(attrs, io) - 6 * blocks(attrs, io)

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """Three strips of 16-bit values, and one of bytes."""
        return depth(attrs, io) * (2 * _POSITIONS + 1)

    def overlaps(attrs: Any, io: Io) -> Mapping[int, int]:
        return overlap.by_positions(attrs, io, _POSITIONS)

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        rows = strip_rows(arrange(attrs, io).weights)
        return is_folded(io, rows), proofs.one_multiply(attrs, io, rows)

    def proof_of_joined(attrs: Any, io: Io) -> Proof:
        rows = strip_rows(arrange(attrs, io).weights)
        return joined.proof(joined.filled(rows, 2), folded_bias(io, rows, 2))

    def proofs_joined(attrs: Any, io: Io) -> tuple[Proof, ...]:
        return (*proofs_of(attrs, io), proof_of_joined(attrs, io))

    def proofs_rectified(attrs: Any, io: Io) -> tuple[Proof, ...]:
        rows = strip_rows(arrange(attrs, io).weights)
        scaling = proofs.one_multiply(attrs, io, rows, is_rectified=True)
        return is_folded(io, rows), scaling, proof_of_joined(attrs, io)

    general = Card(
        "iseul_conv2d_s8_dsp",
        "iseul_conv_s8_dsp_t",
        (*grouped.INT8, one_group, grouped.centred, scales_down),
        cost,
        emit,
        scratch_bytes=scratch_bytes,
        overlap=overlaps,
        proofs=proofs_of,
    )
    in_pairs = replace(
        general,
        symbol="iseul_conv2d_joined_s8_dsp",
        fits=(*general.fits, can_be_joined),
        cost=cost_joined,
        emit=lambda attrs, io: emit(attrs, io, is_joined=True),
        proofs=proofs_joined,
    )
    to_zero = replace(
        in_pairs,
        symbol="iseul_conv2d_rectified_s8_dsp",
        fits=(*general.fits, rectified, can_be_joined),
        cost=cost_rectified,
        proofs=proofs_rectified,
    )
    return (*on_both(to_zero), *on_both(in_pairs), *on_both(general))


# --- depthwise convolutions


def one_to_one(attrs: Any, io: Io) -> str | None:
    """there are as many output channels as input channels"""
    n = _channels(io) // io.inputs[0].shape[3]
    return f"there are {n} per input channel" if n > 1 else None


def _depthwise(attrs: Any, io: Io) -> Fields:
    weights = fields.data_of(io.inputs[1])
    return {
        "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
        "weights": weights,
        "bias": fields.bias(io, weights.shape[3]),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, weights.shape[3]),
    }


def _cost_of_taps(attrs: Any, io: Io) -> int:
    """3.6 per MAC and 40 per output; channels beyond a multiple of 4: 9 per MAC; 80 per
    position.
    """
    _, kernel_h, kernel_w, channels = io.inputs[1].shape
    positions = io.outputs[0].n_elements // channels
    slow = channels % 4
    taps = kernel_h * kernel_w
    per_channel = (channels - slow) * 18 * taps // 5 + slow * 9 * taps + 40 * channels
    return positions * (per_channel + 80)


def three_by_three(attrs: Any, io: Io) -> str | None:
    """kernels are 3x3, not dilated"""
    kernel = io.inputs[1].shape[1:3]
    if kernel == (3, 3) and attrs.dilation == (1, 1):
        return None
    return f"kernel {kernel}, dilation {attrs.dilation}"


def no_stride(attrs: Any, io: Io) -> str | None:
    """the stride is 1"""
    return None if attrs.stride == (1, 1) else f"it is {attrs.stride}"


def columns_by_two(attrs: Any, io: Io) -> str | None:
    """columns have stride 1 or 2"""
    return None if attrs.stride[1] <= 2 else f"it is {attrs.stride[1]}"


def small_planes(attrs: Any, io: Io) -> str | None:
    """four channels with padding take at most 4 KiB"""
    n = 4 * padded_plane(attrs, io)[1]
    return None if n <= 4096 else f"they take {n} bytes"


def rectified(attrs: Any, io: Io) -> str | None:
    """the output's zero point is -128 and it is clamped to nothing but -128 .. 127"""
    clamp = fields.clamp_s8(io, attrs.activation)
    zero = zero_point(io.outputs[0])
    if zero == -128 and clamp == {"low": -128, "high": 127}:
        return None
    return f"zero point {zero}, clamped to {clamp['low']} .. {clamp['high']}"


def padded_plane(attrs: Any, io: Io) -> tuple[int, int]:
    """Bytes of a padded row of one channel, with one more that is read, and of all rows."""
    _, height, width, _ = io.inputs[0].shape
    top, bottom, left, right = attrs.pads
    pitch = _round_up(width + left + right + 1, 4)
    return pitch, pitch * (height + top + bottom)


def _emit_planes(attrs: Any, io: Io) -> dict[str, Any]:
    """`iseul_planes_s8_dsp_t`."""
    pitch, plane = padded_plane(attrs, io)
    found = _depthwise(attrs, io)
    weights = fields.data_of(io.inputs[1])
    rows = rows_of_channels(io)
    return {
        "window": found["window"],
        "pitch": pitch,
        "plane": plane,
        "rows": io.outputs[0].shape[1],
        "weights": weights,
        "bias": folded_bias(io, rows, 1),
        "in_zero_point": found["in_zero_point"],
        "output": found["output"],
    }


def _turned_plane(attrs: Any, io: Io) -> tuple[int, int]:
    """`padded_plane` whose rows are the input's columns."""
    _, height, width, _ = io.inputs[0].shape
    top, bottom, left, right = attrs.pads
    pitch = _round_up(height + top + bottom + 1, 4)
    return pitch, pitch * (width + left + right)


def small_turned_planes(attrs: Any, io: Io) -> str | None:
    """four channels with padding take at most 4 KiB"""
    n = 4 * _turned_plane(attrs, io)[1]
    return None if n <= 4096 else f"they take {n} bytes"


def _emit_turned(attrs: Any, io: Io) -> Fields:
    """`iseul_planes_s8_dsp_t` of columns."""
    pitch, plane = _turned_plane(attrs, io)
    weights = np.ascontiguousarray(fields.data_of(io.inputs[1]).transpose(0, 2, 1, 3))
    return {**_emit_planes(attrs, io), "pitch": pitch, "plane": plane, "weights": weights}


def _cost_of_turned(attrs: Any, io: Io) -> int:
    """38 per two outputs of a column, 59 for an odd one, 34 more per column, 80 per channel; per
    value that goes in 3, or 9 where channels are no multiple of 4.
    """
    n, height, width, channels = io.outputs[0].shape
    slow = channels % 4
    columns = width * (38 * (height // 2) + 59 * (height % 2) + 34)
    per_position = 3 * (channels - slow) + 9 * slow
    positions = io.inputs[0].n_elements // channels
    return n * channels * (columns + 80) + per_position * positions


def _rows_together(attrs: Any, io: Io) -> tuple[int, int]:
    """Output rows that are made of one filling of planes of about 2 KiB, and input rows for it."""
    pitch, _ = padded_plane(attrs, io)
    height, stride = io.outputs[0].shape[1], attrs.stride[0]
    n = min(height, max(1, (2048 // (4 * pitch) - 3) // stride + 1))
    return n, (n - 1) * stride + 3


def _emit_rows(attrs: Any, io: Io) -> Fields:
    """`iseul_planes_s8_dsp_t` of some rows."""
    found = _emit_planes(attrs, io)
    rows, n = _rows_together(attrs, io)
    return {**found, "plane": n * found["pitch"], "rows": rows}


def _cost_of_planes(attrs: Any, io: Io) -> int:
    """38 per two outputs of a row, 34 more per row, 80 per channel; per value that goes in 3, or
    9 where channels are no multiple of 4.
    """
    n, height, width, channels = io.outputs[0].shape
    slow = channels % 4
    rows = height * (38 * ((width + 1) // 2) + 34)
    per_position = 3 * (channels - slow) + 9 * slow
    positions = io.inputs[0].n_elements // channels
    return n * channels * (rows + 80) + per_position * positions


def _cost_of_rows(attrs: Any, io: Io) -> int:
    """38 per two outputs of a row, or 25 per output with stride 2, 34 more per row; per filling
    of planes 120 per channel, and per value in it 3, or 9 where channels are no multiple of 4.
    """
    n, height, width, channels = io.outputs[0].shape
    slow = channels % 4
    row = 38 * ((width + 1) // 2) if attrs.stride[1] == 1 else 25 * width
    rows, n_in = _rows_together(attrs, io)
    per_position = 3 * (channels - slow) + 9 * slow
    filling = 120 * channels + per_position * n_in * io.inputs[0].shape[2]
    return n * (height * channels * (row + 34) + -(-height // rows) * filling)


def _bytes_of_planes(attrs: Any, io: Io) -> int:
    """Four planes, and a row of an even number of outputs where theirs is odd."""
    return 4 * padded_plane(attrs, io)[1] + _spare(attrs, io)


def _bytes_of_rows(attrs: Any, io: Io) -> int:
    """Some rows of four channels, and a row of an even number of outputs where theirs is odd."""
    n = _rows_together(attrs, io)[1] * padded_plane(attrs, io)[0]
    return 4 * n + _spare(attrs, io)


def _spare(attrs: Any, io: Io) -> int:
    """Bytes of a row with one output more than its odd number: rows of stride 1 come in pairs."""
    width = io.outputs[0].shape[2]
    return width + 1 if width % 2 and attrs.stride[1] == 1 else 0


def _overlap_of_rows(attrs: Any, io: Io) -> Mapping[int, int]:
    return overlap.by_rows(attrs, io, _rows_together(attrs, io)[0])


def rows_of_channels(io: Io) -> Array:
    """Weights of a depthwise convolution, (C, taps)."""
    weights = fields.data_of(io.inputs[1])
    return weights.reshape(-1, weights.shape[3]).T


def _proofs_of_planes(attrs: Any, io: Io) -> tuple[Proof, ...]:
    rows = rows_of_channels(io)
    return is_folded(io, rows), proofs.one_multiply(attrs, io, rows, is_rectified=True)


def _proofs_of_taps(attrs: Any, io: Io) -> tuple[Proof, ...]:
    return (proofs.one_multiply(attrs, io, rows_of_channels(io)),)


# --- depthwise convolutions of series


def _axis(io: Io) -> int:
    """The axis of a series, 1 or 2: the other one has size 1 in the input and in the kernel."""
    return 1 if io.inputs[0].shape[2] == 1 and io.inputs[1].shape[2] == 1 else 2


def one_axis(attrs: Any, io: Io) -> str | None:
    """input, output and kernel are series along one axis, with stride 1 and dilation 1"""
    other = 3 - _axis(io)
    x, out = io.inputs[0].shape, io.outputs[0].shape
    alone = x[other] == io.inputs[1].shape[other] == out[other] == 1
    axis = _axis(io) - 1
    if alone and attrs.stride[axis] == attrs.dilation[axis] == 1:
        return None
    return f"input {x}, stride {attrs.stride}, dilation {attrs.dilation}"


def saturated(attrs: Any, io: Io) -> str | None:
    """the output is clamped to nothing but -128 .. 127"""
    clamp = fields.clamp_s8(io, attrs.activation)
    return None if clamp == {"low": -128, "high": 127} else f"to {clamp['low']} .. {clamp['high']}"


def _series(attrs: Any, io: Io) -> dict[str, int]:
    """Sizes of `iseul_series_s8_dsp_t`. A window and the next one are read by whole words."""
    axis = _axis(io)
    n, length, out = io.inputs[0].shape[0], io.inputs[0].shape[axis], io.outputs[0].shape[axis]
    n_taps, pad = io.inputs[1].shape[axis], attrs.pads[2 * (axis - 1)]
    n_words = _round_up(n_taps + 1, 4) // 4
    plane = max(pad + length, _round_up(out, 2) - 2 + 4 * n_words)
    return {
        "batch": n,
        "length": length,
        "out_length": out,
        "channels": _channels(io),
        "n_taps": n_taps,
        "pad": pad,
        "plane": _round_up(plane, 4),
        "n_words": n_words,
    }


def _emit_series(attrs: Any, io: Io) -> Fields:
    """`iseul_series_s8_dsp_t`."""
    weights = fields.data_of(io.inputs[1])
    rows = weights.reshape(-1, weights.shape[3])
    return {
        **_series(attrs, io),
        "weights": rows,
        "bias": folded_bias(io, np.ascontiguousarray(rows.T), 1),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": fields.output_s8(io, attrs.activation, weights.shape[3]),
    }


def _cost_of_series(attrs: Any, io: Io) -> int:
    """Per two outputs 29 and 10 per word of their windows; per channel 45 and 50 per word of
    its weights; per value that goes in 2.5, or 9 where channels are no multiple of 4.
    """
    s = _series(attrs, io)
    pairs = (s["out_length"] + 1) // 2 * (29 + 10 * s["n_words"])
    slow = s["channels"] % 4
    per_position = 5 * (s["channels"] - slow) // 2 + 9 * slow
    per_sample = s["channels"] * (pairs + 45 + 50 * s["n_words"]) + per_position * s["length"]
    return s["batch"] * per_sample


def _proofs_of_series(attrs: Any, io: Io) -> tuple[Proof, ...]:
    rows = rows_of_channels(io)
    return is_folded(io, rows), proofs.one_multiply(attrs, io, rows)


def _bytes_of_series(attrs: Any, io: Io) -> int:
    """Four planes, and three words per word of a window."""
    s = _series(attrs, io)
    return 4 * s["plane"] + 12 * s["n_words"]


def depthwise() -> tuple[Card, ...]:
    """The cards of depthwise convolution."""
    series = Card(
        "iseul_depthwise_series_s8_dsp",
        "iseul_series_s8_dsp_t",
        (*grouped.INT8, one_to_one, one_axis, saturated, grouped.centred, scales_down),
        _cost_of_series,
        _emit_series,
        scratch_bytes=_bytes_of_series,
        overlap=overlap.columns_in_place,
        proofs=_proofs_of_series,
    )
    planes = Card(
        "iseul_depthwise_planes_s8_dsp",
        "iseul_planes_s8_dsp_t",
        (
            *grouped.INT8,
            one_to_one,
            three_by_three,
            no_stride,
            small_planes,
            rectified,
            grouped.centred,
            scales_down,
        ),
        _cost_of_planes,
        _emit_planes,
        scratch_bytes=_bytes_of_planes,
        overlap=overlap.in_place,
        proofs=_proofs_of_planes,
    )
    turned = replace(
        planes,
        symbol="iseul_depthwise_turned_s8_dsp",
        fits=tuple(small_turned_planes if r is small_planes else r for r in planes.fits),
        cost=_cost_of_turned,
        emit=_emit_turned,
        scratch_bytes=lambda attrs, io: 4 * _turned_plane(attrs, io)[1],
    )
    rows = Card(
        "iseul_depthwise_rows_s8_dsp",
        "iseul_planes_s8_dsp_t",
        (
            *grouped.INT8,
            one_to_one,
            three_by_three,
            columns_by_two,
            rectified,
            grouped.centred,
            scales_down,
        ),
        _cost_of_rows,
        _emit_rows,
        scratch_bytes=_bytes_of_rows,
        overlap=_overlap_of_rows,
        proofs=_proofs_of_planes,
    )
    taps = Card(
        "iseul_depthwise_conv2d_s8_dsp",
        "iseul_depthwise_s8_dsp_t",
        (*grouped.INT8, one_to_one, grouped.centred, scales_down),
        _cost_of_taps,
        _depthwise,
        overlap=overlap.by_position,
        proofs=_proofs_of_taps,
    )
    of_one_channel = convolution(grouped.of_depthwise_conv2d)
    return (
        *on_both(series),
        *on_both(planes),
        *on_both(turned),
        *on_both(rows),
        *on_both(taps),
        *of_one_channel,
    )


# --- fully connected: blocks of four outputs


def fully_connected() -> tuple[Card, ...]:
    """The cards of fully connected layers."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_fully_connected_s8_dsp_t`."""
        rows = fields.data_of(io.inputs[1])
        n, depth = rows.shape
        return {
            "rows": io.outputs[0].n_elements // n,
            "in_size": depth,
            "out_size": n,
            "weights": pack(rows, 4),
            "bias": folded_bias(io, rows, 4),
            "output": fields.output_s8(io, attrs.activation, n),
        }

    def cost(attrs: Any, io: Io) -> int:
        """5.5 per step of 4 of an output, 30 per output; outputs in blocks of 4."""
        n, depth = io.inputs[1].shape
        rows = io.outputs[0].n_elements // n
        return rows * _round_up(n, 4) * (11 * _round_up(depth, 4) // 8 + 30)

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        rows = fields.data_of(io.inputs[1])
        return is_folded(io, rows), proofs.one_multiply(attrs, io, rows)

    def rows_of(io: Io) -> tuple[Array, Array]:
        """Weights, filled up to fours, and biases that take the zero point off."""
        rows = fields.data_of(io.inputs[1])
        return joined.filled(rows, 4), folded_bias(io, rows, 4)

    def can_be_joined(attrs: Any, io: Io) -> str | None:
        """weights of two outputs fit into 16 bits together, and their sums into 24"""
        return "they do not" if joined.join(*rows_of(io)) is None else None

    def emit_joined(attrs: Any, io: Io) -> Fields:
        """`iseul_joined_rows_s8_dsp_t`."""
        n, depth = io.inputs[1].shape
        return {
            "rows": io.outputs[0].n_elements // n,
            "in_size": depth,
            "out_size": n,
            "weights": np.ascontiguousarray(joined.fours(*rows_of(io)).reshape(-1), np.int32),
            "output": fields.output_s8(io, attrs.activation, n),
        }

    def cost_joined(attrs: Any, io: Io) -> int:
        """4.125 per step of 4 of an output, 25 per output; outputs in blocks of 4."""
        n, depth = io.inputs[1].shape
        rows = io.outputs[0].n_elements // n
        return rows * _round_up(n, 4) * (33 * _round_up(depth, 4) // 32 + 25)

    def short_rows(attrs: Any, io: Io) -> str | None:
        """rows have at most 256 inputs"""
        n = io.inputs[1].shape[1]
        return f"they have {n}" if n > _LONGEST_ROW else None

    def cost_wide(attrs: Any, io: Io) -> int:
        """3.625 per step of 4 of an output, 25 per output, 8 per step; outputs in blocks of 4."""
        n, depth = io.inputs[1].shape
        rows, steps = io.outputs[0].n_elements // n, _round_up(depth, 4) // 4
        return rows * (_round_up(n, 4) * (29 * steps // 8 + 25) + 8 * steps)

    def proofs_joined(attrs: Any, io: Io) -> tuple[Proof, ...]:
        return (*proofs_of(attrs, io), joined.proof(*rows_of(io)))

    general = Card(
        "iseul_fully_connected_s8_dsp",
        "iseul_fully_connected_s8_dsp_t",
        (*grouped.INT8, grouped.centred, scales_down),
        cost,
        emit,
        proofs=proofs_of,
    )
    in_pairs = replace(
        general,
        symbol="iseul_joined_rows_s8_dsp",
        params="iseul_joined_rows_s8_dsp_t",
        fits=(*general.fits, can_be_joined),
        cost=cost_joined,
        emit=emit_joined,
        proofs=proofs_joined,
    )
    widened = replace(
        in_pairs,
        symbol="iseul_joined_wide_s8_dsp",
        fits=(*in_pairs.fits, short_rows),
        cost=cost_wide,
        scratch_bytes=lambda attrs, io: 2 * _round_up(io.inputs[1].shape[1], 4),
    )
    return (*on_both(widened), *on_both(in_pairs), *on_both(general))
