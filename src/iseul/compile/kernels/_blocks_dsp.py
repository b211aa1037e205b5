# SPDX-License-Identifier: Apache-2.0
"""Cards of `iseul_blocks_dsp.h`: four outputs of one position at a time, on Cortex-M cores with the
DSP extension.

Rows times a matrix: two outputs share their words of weights where a proof over their sums allows
it, and a multiplication needs less than one instruction. Depthwise: taps in pairs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile import prove
from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _proofs as proofs
from iseul.compile.kernels._card import Card
from iseul.compile.proofs import SharedHalfwords
from iseul.graph.ops._quantized import output_multipliers, zero_point

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.kernels._card import Fields
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

    RowsOf = Callable[[Any, Io], Array]

_STEP = 8  # inputs of a round
_LONGEST = 256  # inputs of a row that is widened in scratch: more would be most of an arena


def _filled(rows: Array) -> Array:
    """Rows (n, k) with zeros up to whole blocks."""
    n, k = rows.shape
    full = np.zeros((-(-n // 4) * 4, -(-k // _STEP) * _STEP), np.int8)
    full[:n, :k] = rows
    return full


def _stream(io: Io, bias: Array, words: Array) -> Array:
    """Per block four biases, its words, four multipliers and a word of shifts; flat.

    bias:  (n,), n a multiple of 4; words: (n / 4, ...) int32
    """
    n, n_real = len(bias), io.outputs[0].shape[-1]
    multiplier, shift = output_multipliers(io, n_real)
    scales = np.zeros((2, n), np.int32)
    scales[1] = 1
    scales[0, :n_real] = multiplier
    scales[1, :n_real] = -1 - np.asarray(shift, np.int64)
    parts = (
        bias.reshape(-1, 4),
        words.reshape(n // 4, -1),
        scales[0].reshape(-1, 4),
        _words(scales[1].astype(np.uint8).reshape(-1, 4)),
    )
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def _words(values: Array) -> Array:
    """The last axis as little-endian words."""
    little = values.astype(values.dtype.newbyteorder("<"))
    return np.ascontiguousarray(little).view("<i4")


def _proofs_of_sums(attrs: Any, io: Io, rows: Array) -> tuple[Proof, ...]:
    """Of what all blocks do with sums. The sign is left out as `iseul_kind_of` says."""
    is_rectified = dsp.rectified(attrs, io) is None
    return dsp.is_folded(io, rows), proofs.one_multiply(attrs, io, rows, is_rectified)


def _paired_blocks(io: Io, rows: Array) -> Array:
    """`blocks` of `iseul_paired_s8_dsp_t`."""
    full = _filled(rows).astype(np.int64)
    n, k = full.shape
    shared = prove.in_halfwords(full[0::2], full[1::2])
    assert shared is not None, "the card's rule"
    # (blocks, pairs of outputs, steps of 4, halfwords, even and odd inputs)
    halves = shared.shared.reshape(n // 4, 2, k // 4, 2, 2).transpose(0, 2, 1, 4, 3)
    return _stream(io, dsp.folded_bias(io, rows, 4), _words(halves.astype(np.int16)))


def _paired(rows_of: RowsOf, *rules: Any) -> tuple[Card, ...]:
    """The cards of an op that multiplies rows of its input with those of a matrix.

    rows_of: (attrs, io) -> weights (n_out, n_in)
    rules:   what makes the op such a product
    """

    def share_words(attrs: Any, io: Io) -> str | None:
        """no weight of a second channel is -128, and its weights add up to less than 65,536"""
        full = _filled(rows_of(attrs, io)).astype(np.int64)
        return None if prove.in_halfwords(full[0::2], full[1::2]) is not None else "they do not"

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        rows = rows_of(attrs, io)
        full = _filled(rows)
        wide = full.astype(np.int64)
        shared = prove.in_halfwords(wide[0::2], wide[1::2])
        assert shared is not None, "the card's rule"
        return SharedHalfwords(shared, full), *_proofs_of_sums(attrs, io, rows)

    def sizes(attrs: Any, io: Io) -> tuple[int, int, int, int]:
        n, k = rows_of(attrs, io).shape
        return io.outputs[0].n_elements // n, k, n, -(-k // _STEP) * _STEP

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_paired_s8_dsp_t`."""
        n_rows, n_in, n_out, depth = sizes(attrs, io)
        return {
            "rows": n_rows,
            "in_size": n_in,
            "out_size": n_out,
            "depth": depth,
            "blocks": _paired_blocks(io, rows_of(attrs, io)),
            "to": {
                "zero_point": zero_point(io.outputs[0]),
                **fields.clamp_s8(io, attrs.activation),
            },
        }

    def cost(attrs: Any, io: Io) -> int:
        """Per block of 4 outputs 3.75 per input and 105; per row 1.5 per input and 60."""
        n_rows, _, n_out, depth = sizes(attrs, io)
        return n_rows * (-(-n_out // 4) * (15 * depth // 4 + 105) + 3 * depth // 2 + 60)

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """A row of 16-bit values."""
        return 2 * sizes(attrs, io)[3]

    def short_rows(attrs: Any, io: Io) -> str | None:
        """rows have at most 256 inputs"""
        n = sizes(attrs, io)[1]
        return f"they have {n}" if n > _LONGEST else None

    def cost_direct(attrs: Any, io: Io) -> int:
        """Per block of 4 outputs 4.25 per input and 105; 60 per row."""
        n_rows, _, n_out, depth = sizes(attrs, io)
        return n_rows * (-(-n_out // 4) * (17 * depth // 4 + 105) + 60)

    def whole_steps(attrs: Any, io: Io) -> str | None:
        """inputs of a row are a multiple of 8"""
        n = sizes(attrs, io)[1]
        return f"there are {n}" if n % _STEP else None

    fits = (*grouped.INT8, grouped.centred, dsp.scales_down, *rules, share_words)
    through_scratch = Card(
        "iseul_paired_s8_dsp",
        "iseul_paired_s8_dsp_t",
        (*fits, short_rows),
        cost,
        emit,
        scratch_bytes=scratch_bytes,
        proofs=proofs_of,
    )
    direct = Card(
        "iseul_paired_direct_s8_dsp",
        "iseul_paired_s8_dsp_t",
        (*fits, whole_steps),
        cost_direct,
        emit,
        proofs=proofs_of,
    )
    return tuple(
        replace(card, isa=isa)
        for card in (through_scratch, direct)
        for isa in ("armv7em-dsp", "armv8m-dsp")
    )


def of_fully_connected() -> tuple[Card, ...]:
    """The cards of fully connected layers."""
    return _paired(lambda attrs, io: fields.data_of(io.inputs[1]))


def one_position(attrs: Any, io: Io) -> str | None:
    """the window is the whole input: one position, no padding"""
    x, weights = io.inputs[0].shape, io.inputs[1].shape
    if x[1:] == weights[1:] and not any(attrs.pads):
        return None
    return f"input {x[1:3]}, window {weights[1:3]}, pads {attrs.pads}"


def of_conv2d() -> tuple[Card, ...]:
    """The cards of convolutions over one position."""
    return _paired(lambda attrs, io: _flat(fields.data_of(io.inputs[1])), one_position)


def _flat(weights: Array) -> Array:
    return weights.reshape(len(weights), -1)


# --- depthwise


def one_position_of_taps(attrs: Any, io: Io) -> str | None:
    """there is one position, and its taps lie equally far apart: one row, one column, or whole
    rows; no padding
    """
    x, (_, height, width, _) = io.inputs[0].shape, io.inputs[1].shape
    if io.outputs[0].shape[1:3] != (1, 1) or any(attrs.pads):
        return f"{io.outputs[0].shape[1:3]} positions, pads {attrs.pads}"
    if height == 1 or width == 1 or (width == x[2] and attrs.dilation == (1, 1)):
        return None
    return f"window {height, width}, dilation {attrs.dilation}, rows of {x[2]}"


def whole_words(attrs: Any, io: Io) -> str | None:
    """channels are a multiple of 4"""
    n = io.outputs[0].shape[3]
    return f"there are {n}" if n % 4 else None


def _tap_step(attrs: Any, io: Io) -> int:
    """Bytes from tap to tap."""
    x, (_, height, width, _) = io.inputs[0].shape, io.inputs[1].shape
    if height == 1:
        return int(attrs.dilation[1] * x[3])
    return int(attrs.dilation[0] * x[2] * x[3]) if width == 1 else x[3]


ONE_POSITION = (dsp.one_to_one, one_position_of_taps, whole_words)


def tap_pairs(io: Io) -> Array:
    """Weights as the words of pairs of taps have them, (C / 4, pairs, 2, 4)."""
    taps = dsp.rows_of_channels(io).T
    n = taps.shape[1]
    full = np.zeros((-(-len(taps) // 2) * 2, n), np.int8)
    full[: len(taps)] = taps
    # (pairs, taps, blocks, halves, channels) -> (blocks, pairs, halves, taps, channels)
    order = full.reshape(-1, 2, n // 4, 2, 2).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(order).reshape(n // 4, -1, 2, 4)


def position_fields(attrs: Any, io: Io, words: Array) -> Fields:
    """`iseul_depthwise_position_s8_dsp_t`; words: of each four channels' weights."""
    x, (_, height, width, n) = io.inputs[0].shape, io.inputs[1].shape
    return {
        "batch": x[0],
        "size": x[1] * x[2] * x[3],
        "channels": n,
        "n_taps": height * width,
        "step": _tap_step(attrs, io),
        "blocks": _stream(io, dsp.folded_bias(io, dsp.rows_of_channels(io), 4), words),
        "to": {
            "zero_point": zero_point(io.outputs[0]),
            **fields.clamp_s8(io, attrs.activation),
        },
    }


def depthwise() -> tuple[Card, ...]:
    """The cards of depthwise convolutions with one position."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_depthwise_position_s8_dsp_t`."""
        return position_fields(attrs, io, _words(tap_pairs(io)))

    def cost(attrs: Any, io: Io) -> int:
        """Per block of 4 channels 10 per tap and 95; 40 per sample."""
        _, height, width, n = io.inputs[1].shape
        return int(io.inputs[0].shape[0] * (n // 4 * (10 * height * width + 95) + 40))

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        return _proofs_of_sums(attrs, io, dsp.rows_of_channels(io))

    card = Card(
        "iseul_depthwise_position_s8_dsp",
        "iseul_depthwise_position_s8_dsp_t",
        (*grouped.INT8, *ONE_POSITION, grouped.centred, dsp.scales_down),
        cost,
        emit,
        proofs=proofs_of,
    )
    return dsp.on_both(card)
