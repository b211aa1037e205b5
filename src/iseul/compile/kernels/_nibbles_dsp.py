# SPDX-License-Identifier: Apache-2.0
"""Cards of int4 weights for Cortex-M cores with the DSP extension (`iseul_nibbles.h`).

Constants stay nibbles. A call takes them out once, into scratch, and goes on as the kernels of
`_dsp.py` do with int8: a weight is used at every position, so this costs little. Twice the
weights are taken out, and sums come doubled: so scales up to 1/2, or 1, fit into one
multiplication, and coarse weights have large scales. Fully connected layers use a weight once and
multiply nibbles as they are, four outputs to a halfword.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile import prove
from iseul.compile.kernels import _blocks_dsp as blocks
from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _joined as joined
from iseul.compile.kernels import _proofs as proofs
from iseul.compile.kernels._card import Card, kinds, no_overlap, no_scratch
from iseul.compile.proofs import SharedNibbles
from iseul.graph.ops._quantized import output_multipliers, zero_point
from iseul.numerics.requantize import wrap_int32

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.kernels._card import Fields
    from iseul.compile.kernels._grouped import Arrange
    from iseul.compile.proofs import OneMultiply, Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

    RowsOf = Callable[[Any, Io], Array]

INT4 = (kinds("int8"), grouped.weights_of("int4"))
MOST_GROUPS = 4
_LONGEST_ROW = 256  # inputs of a row that is widened in scratch, if it need not be
_LARGEST_GROUP = 20 << 10  # bytes of weights that are taken out: more would be most of an arena


def scales_below_half(attrs: Any, io: Io) -> str | None:
    """sums are scaled by less than 1/2 and by 2^-23 or more"""
    return fields.scales_within(io, range(-22, 0))


def scales_below_one(attrs: Any, io: Io) -> str | None:
    """sums are scaled by less than 1 and by 2^-23 or more"""
    return fields.scales_within(io, range(-22, 1))


def doubled_bias(io: Io, rows: Array, n_together: int) -> Array:
    """Twice the bias that has the input's zero point, modulo 2^32; rows: the weights themselves."""
    folded = dsp.folded_bias(io, rows, n_together).astype(np.int64)
    return np.asarray(wrap_int32(2 * folded), np.int32)


def words_of_pairs(rows: Array) -> Array:
    """Nibbles of each two rows, (n / 2, k / 4) words: `iseul_conv_s4_dsp_t`.

    rows: (n, k) of -8 .. 7, filled up to multiples of 2 and 4
    """
    n, k = rows.shape
    # pair, row, word, half, parity
    parts = (rows.astype(np.int64) + 8).reshape(n // 2, 2, k // 4, 2, 2)
    bytes_ = parts[..., 0] | parts[..., 1] << 4
    # the second row of a pair in the lower byte of each half
    order = bytes_[:, ::-1].transpose(0, 2, 3, 1)
    return np.ascontiguousarray(order.astype(np.uint8)).reshape(n // 2, k).view("<i4")


def convolution(arrange: Arrange) -> tuple[Card, ...]:
    """The cards of an op that `arrange` makes a convolution in groups; they take one group."""

    def rows_of(attrs: Any, io: Io) -> Array:
        return dsp.strip_rows(arrange(attrs, io).weights)

    def bytes_of_group(attrs: Any, io: Io, n_groups: int) -> int:
        n, k = joined.filled(rows_of(attrs, io), 2).shape
        return -(-n // (2 * n_groups)) * (20 + 2 * k)

    def small_groups(n_groups: int) -> Any:
        def rule(attrs: Any, io: Io) -> str | None:
            n = bytes_of_group(attrs, io, n_groups)
            return f"they take {n:,}" if n > _LARGEST_GROUP else None

        rule.__doc__ = f"weights in {n_groups} parts take at most {_LARGEST_GROUP:,} bytes each"
        return rule

    def has_parts(n_groups: int) -> Any:
        def rule(attrs: Any, io: Io) -> str | None:
            n = (io.outputs[0].shape[-1] + 1) // 2
            return f"there are {n} pairs of channels" if n < n_groups else None

        rule.__doc__ = f"there are at least {n_groups} pairs of channels"
        return rule

    def can_be_joined(attrs: Any, io: Io) -> str | None:
        """sums of doubled weights fit into 24 bits"""
        return None if _joined_rows(rows_of(attrs, io), io) is not None else "they do not"

    def emit(attrs: Any, io: Io, n_groups: int) -> Fields:
        """`iseul_conv_s4_dsp_t`."""
        made = arrange(attrs, io)
        rows = rows_of(attrs, io)
        n, k = joined.filled(rows, 2).shape
        return {
            "window": made.window,
            "depth": k,
            "group": 2 * -(-n // (2 * n_groups)),
            "channels": _channels(rows, io),
            "in_zero_point": zero_point(io.inputs[0]),
            "zero_point": zero_point(io.outputs[0]),
            **fields.clamp_s8(io, attrs.activation),
        }

    def proofs_of(attrs: Any, io: Io, is_rectified: bool) -> tuple[Proof, ...]:
        rows = rows_of(attrs, io)
        full, bias = _doubled(rows, io)
        return (*_doubled_sums(attrs, io, rows, is_rectified), joined.proof(full, bias))

    def made(card: Card, n_groups: int) -> Card:
        is_rectified = "rectified" in card.symbol
        scales = scales_below_one if is_rectified else scales_below_half
        kept = tuple(rule for rule in card.fits if rule is dsp.rectified)
        one_group = next(rule for rule in card.fits if rule.__name__ == "one_group")

        def cost(attrs: Any, io: Io) -> int:
            """As with int8; 7 per 8 weights, 15 per channel; all positions again per part."""
            n, k = joined.filled(rows_of(attrs, io), 2).shape
            base = card.cost(attrs, io)
            inner = -(-_positions(attrs, io) // 3) * (n // 2) * (71 * k // 16)
            return base + 7 * n * k // 8 + 15 * n + (n_groups - 1) * max(0, base - inner)

        def scratch_bytes(attrs: Any, io: Io) -> int:
            """As with int8, then the channels of a group."""
            return card.scratch_bytes(attrs, io) + bytes_of_group(attrs, io, n_groups)

        def _positions(attrs: Any, io: Io) -> int:
            return arrange(attrs, io).n_outputs // io.outputs[0].shape[-1]

        rules = (*INT4, one_group, grouped.centred, *kept, scales, can_be_joined)
        return replace(
            card,
            symbol=card.symbol.replace("_s8_", "_s4_"),
            params="iseul_conv_s4_dsp_t",
            fits=(*rules, has_parts(n_groups), small_groups(n_groups)),
            cost=cost,
            emit=partial(emit, n_groups=n_groups),
            scratch_bytes=scratch_bytes,
            overlap=card.overlap if n_groups == 1 else no_overlap,
            proofs=partial(proofs_of, is_rectified=is_rectified),
        )

    joins = ("iseul_conv2d_rectified_s8_dsp", "iseul_conv2d_joined_s8_dsp")
    cards = [card for card in dsp.convolution(arrange) if card.symbol in joins]
    return tuple(made(card, n) for n in range(1, MOST_GROUPS + 1) for card in cards)


def _doubled(rows: Array, io: Io) -> tuple[Array, Array]:
    """Twice the weights and biases, filled up to pairs."""
    return 2 * joined.filled(rows, 2).astype(np.int8), doubled_bias(io, rows, 2)


def _joined_rows(rows: Array, io: Io) -> Any:
    return joined.join(*_doubled(rows, io))


def _channels(rows: Array, io: Io) -> Array:
    """All that is read of each two channels, one pair after the other, as words."""
    n = len(rows)
    full, bias = _doubled(rows, io)
    n_pairs = len(full) // 2
    multiplier, shift = output_multipliers(io, n)
    scales = np.zeros((2, 2 * n_pairs), np.int32)
    scales[0, :n] = multiplier
    scales[1, :n] = -np.asarray(shift, np.int64)
    scales[1, n:] = 1
    last = np.zeros((n_pairs, 4), np.uint8)
    last[:, :2] = scales[1].reshape(-1, 2)
    parts = (
        joined.starts(bias),
        words_of_pairs(joined.filled(rows, 2)),
        scales[0].reshape(-1, 2),
        last.view("<i4"),
    )
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def _doubled_sums(attrs: Any, io: Io, rows: Array, is_rectified: bool) -> tuple[Proof, ...]:
    """Of doubled sums: the input's zero point, and one multiplication."""
    emitted = doubled_bias(io, rows, 1)
    return (
        proofs.folded(io, rows, emitted, times=2),
        proofs.one_multiply(attrs, io, rows, is_rectified, doublings=1),
    )


# --- depthwise convolutions


def bytes_of_nibbles(weights: Array) -> Array:
    """Weights as `iseul_take_bytes` reads them: of each eight the first four in the lower halves
    of four bytes, the others in the upper ones, all 8 more than they are; as int8.
    """
    full = np.zeros(-(-weights.size // 8) * 8, np.int64)
    full[: weights.size] = weights.reshape(-1)
    eights = (full + 8).reshape(-1, 2, 4)
    return (eights[:, 0] | eights[:, 1] << 4).astype(np.uint8).view(np.int8).reshape(-1)


def _bytes_taken(io: Io) -> int:
    return -(-io.inputs[1].n_elements // 8) * 8


def _cost_of_taking(io: Io) -> int:
    """7 per 8 weights, 60."""
    return 7 * io.inputs[1].n_elements // 8 + 60


def _of_int4(card: Card, rules: tuple[Any, ...], emit: Any, proofs_of: Any, calls: Any) -> Card:
    """The card of int8 with weights that are taken out of nibbles first."""

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """Weights of 8 bits, filled up to a multiple of 8, then as with int8."""
        return _bytes_taken(io) + card.scratch_bytes(attrs, io)

    def cost(attrs: Any, io: Io) -> int:
        """As with int8, 7 per 8 weights and 60."""
        return card.cost(attrs, io) + _cost_of_taking(io)

    return replace(
        card,
        symbol=card.symbol.replace("_s8_", "_s4_"),
        fits=rules,
        cost=cost,
        emit=emit,
        scratch_bytes=scratch_bytes,
        proofs=proofs_of,
        calls=calls,
    )


def depthwise() -> tuple[Card, ...]:
    """The cards of depthwise convolution."""
    doubled = ("planes", "turned", "rows")
    plain = ("series", "conv2d")
    found: list[Card] = []
    for card in dsp.depthwise():
        kind = card.symbol.removeprefix("iseul_depthwise_").removesuffix("_s8_dsp")
        rules = tuple(rule for rule in card.fits if rule not in grouped.INT8)
        if kind in doubled:
            rules = tuple(scales_below_one if r is dsp.scales_down else r for r in rules)
            emit = partial(_emit_doubled, card)
            found.append(_of_int4(card, (*INT4, *rules), emit, _proofs_of_planes, ()))
        elif kind in plain:
            emit = partial(_emit_plain, card)
            found.append(_of_int4(card, (*INT4, *rules), emit, card.proofs, (card.symbol,)))
    return (*_one_position(), *found, *convolution(grouped.of_depthwise_conv2d))


def _one_position() -> tuple[Card, ...]:
    """The cards of depthwise convolutions with one position."""

    def n_words(io: Io) -> int:
        """Words of four channels' nibbles."""
        _, height, width, _ = io.inputs[1].shape
        return -(-height * width // 2)

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_depthwise_position_s8_dsp_t`, a word per two taps."""
        nibbles = bytes_of_nibbles(blocks.tap_pairs(io)).view("<i4")
        return blocks.position_fields(attrs, io, nibbles)

    def cost(attrs: Any, io: Io) -> int:
        """Per block of 4 channels 14 per tap and 120; 40 per sample."""
        n_blocks = io.outputs[0].shape[3] // 4
        return int(io.inputs[0].shape[0] * (n_blocks * (28 * n_words(io) + 120) + 40))

    def of(card: Card) -> Card:
        return replace(
            card,
            symbol="iseul_depthwise_position_s4_dsp",
            fits=(*INT4, *(rule for rule in card.fits if rule not in grouped.INT8)),
            cost=cost,
            emit=emit,
            scratch_bytes=lambda attrs, io: 8 * n_words(io),
        )

    return tuple(of(card) for card in blocks.depthwise())


def _emit_plain(card: Card, attrs: Any, io: Io) -> Fields:
    return {**card.emit(attrs, io), "weights": bytes_of_nibbles(fields.data_of(io.inputs[1]))}


def _emit_doubled(card: Card, attrs: Any, io: Io) -> Fields:
    """As with int8, twice the bias, and 1 taken off shifts."""
    given = card.emit(attrs, io)
    output: Any = given["output"]
    weights: Any = given["weights"]
    rows = dsp.rows_of_channels(io)
    return {
        **given,
        "weights": bytes_of_nibbles(weights),
        "bias": doubled_bias(io, rows, 1),
        "output": {**output, "shift": (output["shift"] - 1).astype(np.int8)},
    }


def _proofs_of_planes(attrs: Any, io: Io) -> tuple[Proof, ...]:
    return _doubled_sums(attrs, io, dsp.rows_of_channels(io), is_rectified=True)


# --- fully connected layers, and convolutions with one position


def fully_connected() -> tuple[Card, ...]:
    """The cards of fully connected layers."""
    return _fours(lambda attrs, io: fields.data_of(io.inputs[1]))


def of_one_position() -> tuple[Card, ...]:
    """The cards of convolutions over one position."""

    def rows_of(attrs: Any, io: Io) -> Array:
        weights = fields.data_of(io.inputs[1])
        return weights.reshape(len(weights), -1)

    return _fours(rows_of, blocks.one_position)


def _four_rows(rows: Array, io: Io) -> prove.Fours:
    """Four rows to a halfword, filled up; depth a multiple of 8."""
    n, k = rows.shape
    full = np.zeros((-(-n // 4) * 4, -(-k // 8) * 8), np.int64)
    full[:n, :k] = rows
    return prove.Fours(full, dsp.folded_bias(io, rows, 4).astype(np.int64))


def _blocks_of_fours(rows: Array, io: Io, scaling: OneMultiply) -> Array:
    """`blocks` of `iseul_fours_s4_dsp_t`."""
    form = _four_rows(rows, io)
    n, k = form.rows.shape
    # block, step, half, parity
    halves = form.shared.astype(np.int16).reshape(n // 4, k // 4, 2, 2).transpose(0, 1, 3, 2)
    words = np.ascontiguousarray(halves).view("<i4").reshape(n // 4, k // 2)
    scales = np.zeros((n, 2), np.int64)
    scales[: len(rows), 0] = scaling.multiplier
    scales[: len(rows), 1] = scaling.uppers
    shifts = np.ones(n, np.uint8)
    shifts[: len(rows)] = scaling.doublings - 1 - scaling.shift
    parts = (
        wrap_int32(form.starts),
        words,
        wrap_int32(scales).reshape(-1, 8),
        shifts.reshape(-1, 4).view("<i4"),
    )
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def _fours(rows_of: RowsOf, *rules: Any) -> tuple[Card, ...]:
    """The cards of an op that multiplies rows of its input with those of a matrix."""

    def is_rectified(attrs: Any, io: Io) -> bool:
        return dsp.rectified(attrs, io) is None

    def scaling_of(attrs: Any, io: Io, rows: Array) -> OneMultiply:
        without_sign = is_rectified(attrs, io)
        return proofs.one_multiply(attrs, io, rows, without_sign, 4 if without_sign else 1)

    def scales_fit(attrs: Any, io: Io) -> str | None:
        """sums are scaled by less than 1/2, or 4 if rectified, and by 2^-20 or more"""
        return fields.scales_within(io, range(-19, 3 if is_rectified(attrs, io) else 0))

    def share_words(attrs: Any, io: Io) -> str | None:
        """sums of four outputs' weights in 16 bits stay below 2^31"""
        return None if _four_rows(rows_of(attrs, io), io).holds() else "they do not"

    def sizes(attrs: Any, io: Io) -> tuple[int, int, int]:
        n, k = rows_of(attrs, io).shape
        return io.outputs[0].n_elements // n, k, n

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_fours_s4_dsp_t`."""
        n_rows, n_in, n_out = sizes(attrs, io)
        rows = rows_of(attrs, io)
        return {
            "rows": n_rows,
            "in_size": n_in,
            "out_size": n_out,
            "depth": -(-n_in // 8) * 8,
            "blocks": _blocks_of_fours(rows, io, scaling_of(attrs, io, rows)),
            "to": {
                "zero_point": zero_point(io.outputs[0]),
                **fields.clamp_s8(io, attrs.activation),
            },
        }

    def proofs_of(attrs: Any, io: Io) -> tuple[Proof, ...]:
        rows = rows_of(attrs, io)
        form = _four_rows(rows, io)
        shared = SharedNibbles(form, form.rows.astype(np.int8))
        return dsp.is_folded(io, rows), scaling_of(attrs, io, rows), shared

    def cost(attrs: Any, io: Io) -> int:
        """Per block of 4 outputs 3.8 per input and 75; per row 2.5 per input and 60."""
        n_rows, n_in, n_out = sizes(attrs, io)
        return n_rows * (-(-n_out // 4) * (123 * n_in // 32 + 75) + 5 * n_in // 2 + 60)

    def cost_direct(attrs: Any, io: Io) -> int:
        """Per block of 4 outputs 4.5 per input and 75; per row 1.1 per input and 60."""
        n_rows, n_in, n_out = sizes(attrs, io)
        return n_rows * (-(-n_out // 4) * (143 * n_in // 32 + 75) + 9 * n_in // 8 + 60)

    def short_rows(attrs: Any, io: Io) -> str | None:
        """rows have at most 256 inputs, or a number that is no multiple of 8"""
        n = sizes(attrs, io)[1]
        return f"they have {n}" if n > _LONGEST_ROW and n % 8 == 0 else None

    def whole_steps(attrs: Any, io: Io) -> str | None:
        """inputs of a row are a multiple of 8"""
        n = sizes(attrs, io)[1]
        return f"there are {n}" if n % 8 else None

    fits = (*INT4, grouped.centred, *rules, scales_fit, share_words)
    through_scratch = Card(
        "iseul_fours_s4_dsp",
        "iseul_fours_s4_dsp_t",
        (*fits, short_rows),
        cost,
        emit,
        scratch_bytes=lambda attrs, io: 2 * (-(-sizes(attrs, io)[1] // 8) * 8),
        proofs=proofs_of,
    )
    direct = replace(
        through_scratch,
        symbol="iseul_fours_direct_s4_dsp",
        fits=(*fits, whole_steps),
        cost=cost_direct,
        scratch_bytes=no_scratch,
    )
    return (*dsp.on_both(through_scratch), *dsp.on_both(direct))
