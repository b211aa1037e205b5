# SPDX-License-Identifier: Apache-2.0
"""Cards of int8 kernels for cores that multiply one pair of 32-bit words at a time
(`iseul_mul32.h`): Cortex-M0+, RISC-V without packed arithmetic.

Two rows of weights share a word, and so each multiplication (`prove.Paired`); sums become int8 by
two products of 32 bits (`prove.Staircase`). Where either proof is missing the card does not fit.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile import prove
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels._card import Card
from iseul.compile.proofs import SharedWords, TwoProducts
from iseul.graph.ops._quantized import output_multipliers, zero_point
from iseul.numerics.requantize import requantize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from iseul.compile.kernels._card import Cost, Fields
    from iseul.compile.kernels._grouped import Arrange, Overlap
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

_CHANNELS = 4  # of a block
_DEPTH = 16380  # twice an index into a strip takes 16 bits
_LEAST_DEPTH = 2 * prove.GROUP  # the loop over groups begins with the second one
_STRIP_WORDS = 256  # of strips that are taken together


def _rows(arrange: Arrange, attrs: Any, io: Io) -> Array:
    weights = arrange(attrs, io).weights
    return weights.reshape(len(weights), -1)


def biases(io: Io, rows: Array) -> NDArray[np.int64]:
    """Without what the input's zero point adds to the sums."""
    offset = zero_point(io.inputs[0]) * rows.astype(np.int64).sum(1)
    return fields.bias(io, len(rows)).astype(np.int64) - offset


def sums_between(io: Io, rows: Array) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The least and the largest sum that inputs of -128 .. 127 can have, (n,)."""
    wide, bias = rows.astype(np.int64), biases(io, rows)
    above, below = np.maximum(wide, 0).sum(1), np.minimum(wide, 0).sum(1)
    return bias - 128 * above + 127 * below, bias + 127 * above - 128 * below


def results_of(attrs: Any, io: Io, n: int) -> Callable[[NDArray[np.int64]], NDArray[np.int64]]:
    """int8 results of sums (n, m): requantized, with zero point, clamped."""
    multiplier, shift = output_multipliers(io, n)
    clamp, zero = fields.clamp_s8(io, attrs.activation), zero_point(io.outputs[0])

    def results(sums: NDArray[np.int64]) -> NDArray[np.int64]:
        found = requantize(sums, multiplier[:, None], shift[:, None]) + zero
        return np.clip(found, clamp["low"], clamp["high"])

    return results


def staircase_of(attrs: Any, io: Io, rows: Array, dips: bool) -> prove.Staircase | None:
    """How the sums of rows (n, k) become int8, or None where no form was found."""
    least, most = sums_between(io, rows)
    if max(np.abs(least).max(), np.abs(most).max()) >= 1 << 28:
        return None
    multiplier, shift = output_multipliers(io, len(rows))
    if (shift > 0).any():
        return None
    scale = multiplier.astype(np.float64) * np.exp2(shift.astype(np.float64) - 31)
    return prove.staircase(results_of(attrs, io, len(rows)), least, most, scale, dips)


def rises(rows_of: Callable[[Any, Io], Array], dips: bool) -> Callable[[Any, Io], str | None]:
    """A card's rule. rows_of: (attrs, io) -> rows of weights (n, k)."""

    def rule(attrs: Any, io: Io) -> str | None:
        """two products of 32 bits make int8 of every sum"""
        found = staircase_of(attrs, io, rows_of(attrs, io), dips)
        return "no such form was found" if found is None else None

    return rule


def staircase(attrs: Any, io: Io, rows: Array, dips: bool) -> prove.Staircase:
    """`staircase_of` a node that `rises`."""
    found = staircase_of(attrs, io, rows, dips)
    assert found is not None, "the card does not fit"
    return found


def two_products(attrs: Any, io: Io, rows: Array, dips: bool) -> TwoProducts:
    """The proof of it."""
    steps = staircase(attrs, io, rows, dips)
    clamp = fields.clamp_s8(io, attrs.activation)
    return TwoProducts(
        steps,
        *output_multipliers(io, len(rows)),
        zero_point(io.outputs[0]),
        clamp["low"],
        clamp["high"],
        *sums_between(io, rows),
    )


def scale_words(io: Io, rows: Array, steps: prove.Staircase) -> NDArray[np.int64]:
    """Words of `iseul_rise` of each row, (n, 5); (n, 7) where sums below 0 are treated apart."""
    lower, upper = steps.digits
    words = [steps.start - biases(io, rows), steps.width, lower, upper, steps.constant]
    return np.stack([*words, -steps.start, steps.dip] if steps.dips else words, 1)


def depth_of(rows: Array) -> int:
    """Products of an output of rows (n, k), filled up."""
    return max(_LEAST_DEPTH, -(-rows.shape[1] // prove.GROUP) * prove.GROUP)


def blocks_of(io: Io, rows: Array, steps: prove.Staircase) -> list[NDArray[np.int32]]:
    """Blocks of `iseul_groups_4x1` of rows (n, k)."""
    held = prove.paired(rows, _CHANNELS)
    assert held.holds(rows), "two rows in a word"
    n = len(rows)
    scales = np.zeros((len(held.singles), 7 if steps.dips else 5), np.int64)
    scales[:n] = scale_words(io, rows, steps)
    more = depth_of(rows) - held.words.shape[1]
    words = np.pad(held.words, ((0, 0), (0, more)))
    found = []
    for first in range(0, len(scales), _CHANNELS):
        singles = held.singles[first : first + _CHANNELS]
        block: list[int] = words[first // 2 : first // 2 + 2].T.reshape(-1).tolist()
        block.append(sum((len(one) > 0) << k for k, one in enumerate(singles)))
        for one in singles:
            for j, (i, weight) in enumerate(one, 1):
                block += [2 * i | (j == len(one)) << 31, weight]
        block += scales[first : first + _CHANNELS].reshape(-1).tolist()
        found.append((np.array(block, np.int64) & 0xFFFFFFFF).astype(np.uint32).view(np.int32))
    return found


def convolution(arrange: Arrange, overlaps: Overlap) -> tuple[Card, ...]:
    """The cards of an op that `arrange` makes a convolution in groups; they take one group."""
    rows_of = partial(_rows, arrange)

    def one_group(attrs: Any, io: Io) -> str | None:
        """all output channels read all input channels"""
        made = arrange(attrs, io)
        n = made.window["in_c"] // made.group_in
        return f"{n} groups of channels" if n > 1 else None

    def short(attrs: Any, io: Io) -> str | None:
        """an output has at most 16,380 products"""
        n = rows_of(attrs, io).shape[1]
        return f"it has {n:,}" if n > _DEPTH else None

    def depth(attrs: Any, io: Io) -> int:
        return depth_of(rows_of(attrs, io))

    def strips(attrs: Any, io: Io) -> int:
        """Windows that are taken together: of one tap, each value in one of them."""
        w = arrange(attrs, io).window
        strides = w["stride_h"], w["stride_w"]
        is_point = w["kernel_h"] == w["kernel_w"] == 1 and strides == (1, 1)
        is_same = (w["in_h"], w["in_w"], w["pad_top"], w["pad_left"]) == (
            *(w["out_h"], w["out_w"]),
            *(0, 0),
        )
        n = w["batch"] * w["out_h"] * w["out_w"]
        return min(n, max(1, _STRIP_WORDS // depth(attrs, io))) if is_point and is_same else 1

    def emit(dips: bool) -> Callable[[Any, Io], Fields]:
        def fields_of(attrs: Any, io: Io) -> Fields:
            """`iseul_conv_s8_mul32_t`."""
            rows = rows_of(attrs, io)
            blocks = blocks_of(io, rows, staircase(attrs, io, rows, dips))
            whole = blocks[: len(rows) // _CHANNELS]
            return {
                "window": arrange(attrs, io).window,
                "depth": depth(attrs, io),
                "strips": strips(attrs, io),
                "channels": np.concatenate(blocks),
                "n_whole": sum(map(len, whole)),
                "n_words": sum(map(len, blocks)),
                "in_zero_point": zero_point(io.inputs[0]),
            }

        return fields_of

    def proofs_of(dips: bool) -> Callable[[Any, Io], tuple[Proof, ...]]:
        def proofs(attrs: Any, io: Io) -> tuple[Proof, ...]:
            rows = rows_of(attrs, io)
            shared = SharedWords(prove.paired(rows, _CHANNELS), rows)
            return shared, two_products(attrs, io, rows, dips)

        return proofs

    def cost_of(position: int, value: int, block: int, group: int) -> Cost:
        def cost(attrs: Any, io: Io) -> int:
            """Per position, per value of its window, per block of 4 channels, per 4 values of a
            block: 165, 5, 74 and 30 on a Cortex-M0+; 125, 6, 80 and 38 on RISC-V. Where several
            windows are taken together, an eighth of the first and half of the second.
            """
            made = arrange(attrs, io)
            is_run = strips(attrs, io) > 1
            n, k = made.window["out_c"], depth(attrs, io)
            blocks = -(-n // _CHANNELS) * (block + group * k // prove.GROUP)
            window = position // 8 + value * k // 2 if is_run else position + value * k
            return made.n_outputs // n * (window + blocks)

        return cost

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """Strips of words."""
        return 4 * depth(attrs, io) * strips(attrs, io)

    def overlap(attrs: Any, io: Io) -> Mapping[int, int]:
        """As many bytes more as a position has results of channels that are not there."""
        more = -arrange(attrs, io).window["out_c"] % _CHANNELS
        return {i: distance + more for i, distance in overlaps(attrs, io).items()}

    def card(symbol: str, dips: bool) -> Card:
        return Card(
            symbol,
            "iseul_conv_s8_mul32_t",
            (*grouped.INT8, one_group, grouped.centred, short, rises(rows_of, dips)),
            cost_of(165, 5, 74, 30),
            emit(dips),
            isa="mul32",
            scratch_bytes=scratch_bytes,
            overlap=overlap,
            costs={"riscv32imc": cost_of(125, 6, 80, 38)},
            proofs=proofs_of(dips),
        )

    return (
        card("iseul_conv2d_rectified_s8_mul32", False),
        card("iseul_conv2d_s8_mul32", True),
    )
