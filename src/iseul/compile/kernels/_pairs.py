# SPDX-License-Identifier: Apache-2.0
"""Cards of depthwise int8 convolutions for cores that multiply one pair of 32-bit words at a time
(`iseul_pairs.h`): Cortex-M0+, RISC-V without packed arithmetic.

Two neighbouring outputs of a line share each multiplication (`prove.may_share`); sums become int8
by two products of 32 bits (`prove.Staircase`). Lines are rows or columns, whichever cost less.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile import prove
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _mul32 as mul32
from iseul.compile.kernels._card import Card
from iseul.compile.kernels._dsp import one_to_one
from iseul.compile.kernels._overlap import by_position
from iseul.compile.plan import IN_PLACE
from iseul.compile.proofs import SharedOutputs
from iseul.graph.ops._quantized import zero_point

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from iseul.compile.kernels._card import Cost, Fields
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array

_MOST_BYTES = 4096  # of a channel's lines
_SCALE_WORDS = 7  # ISEUL_RISE_WORDS


@dataclass(frozen=True)
class _Axis:
    """`iseul_axis_t`, in positions."""

    n_in: int
    n_out: int
    kernel: int
    stride: int
    pad: int

    @property
    def n_pairs(self) -> int:
        return -(-self.n_out // 2)

    @property
    def n_columns(self) -> int:
        return 2 * self.stride * (self.n_pairs - 1) + self.kernel


@dataclass(frozen=True)
class _Lines:
    """How a convolution is gone through. is_turned: lines are columns."""

    along: _Axis
    across: _Axis
    is_turned: bool

    @property
    def is_3x3(self) -> bool:
        return self.along.kernel == self.across.kernel == 3

    @property
    def n_bytes(self) -> int:
        """Scratch."""
        taps = self.along.kernel * self.across.kernel
        full = taps if self.is_3x3 else -(-taps // prove.GROUP) * prove.GROUP
        columns = self.along.n_columns * self.across.kernel
        return 4 * (full + _SCALE_WORDS + columns + 3)

    def n_filled(self) -> int:
        """Lines that are made words of, padding too."""
        across = self.across
        return (across.n_out - 1) * min(across.stride, across.kernel) + across.kernel


def _axes(attrs: Any, io: Io) -> tuple[_Axis, _Axis]:
    """Of rows and of columns: vertical, horizontal."""
    w = fields.window(attrs, io, (io.inputs[1].shape[1], io.inputs[1].shape[2]))
    vertical, horizontal = (
        _Axis(w[f"in_{k}"], w[f"out_{k}"], w[f"kernel_{k}"], w[f"stride_{k}"], w[pad])
        for k, pad in (("h", "pad_top"), ("w", "pad_left"))
    )
    return vertical, horizontal


def _price(lines: _Lines, pair: int, tap: int, column: int, per_line: int) -> int:
    """Instructions per channel and sample but for what all channels cost."""
    taps = lines.along.kernel * lines.across.kernel
    odd = 80 + 40 * (lines.along.n_out % 2)
    made = lines.across.n_out * (lines.along.n_pairs * (pair + tap * taps) + odd)
    return made + lines.n_filled() * (per_line + column * lines.along.n_columns)


def _lines(attrs: Any, io: Io) -> _Lines:
    """Rows or columns, whichever need fewer instructions; rows where both are equal."""
    vertical, horizontal = _axes(attrs, io)
    both = _Lines(horizontal, vertical, False), _Lines(vertical, horizontal, True)
    return min(both, key=lambda lines: _price(lines, 34, 4, 6, 110))


def _weights(attrs: Any, io: Io) -> Array:
    """(C, along, across)."""
    data = fields.data_of(io.inputs[1])[0]
    is_turned = _lines(attrs, io).is_turned
    return np.ascontiguousarray(data.transpose((2, 0, 1) if is_turned else (2, 1, 0)))


def _rows(attrs: Any, io: Io) -> Array:
    weights = _weights(attrs, io)
    return weights.reshape(len(weights), -1)


def _together(weights: Array) -> NDArray[np.bool_]:
    return prove.may_share(weights.astype(np.int64), True)


# --- rules


def undilated(attrs: Any, io: Io) -> str | None:
    """the kernel is not dilated"""
    kernel = io.inputs[1].shape[1:3]
    is_dense = all(k == 1 or d == 1 for k, d in zip(kernel, attrs.dilation, strict=True))
    return None if is_dense else f"dilation is {attrs.dilation}"


def short_lines(attrs: Any, io: Io) -> str | None:
    """the words of a channel's lines take at most 4 KiB"""
    n = _lines(attrs, io).n_bytes
    return f"they take {n:,} bytes" if n > _MOST_BYTES else None


def three_by_three(attrs: Any, io: Io) -> str | None:
    """kernels are 3x3"""
    kernel = io.inputs[1].shape[1:3]
    return None if kernel == (3, 3) else f"they are {kernel[0]}x{kernel[1]}"


def others(attrs: Any, io: Io) -> str | None:
    """kernels are not 3x3"""
    return None if three_by_three(attrs, io) is not None else "they are"


def pairs_fit(attrs: Any, io: Io) -> str | None:
    """the products of any two weights with int8 sum up to 16 bits"""
    fits = prove.may_share(_weights(attrs, io).astype(np.int64), False)
    return None if fits.all() else f"channel {int(np.argmin(fits))} has others"


# --- what cards give


def _in_place(attrs: Any, io: Io) -> Mapping[int, int]:
    """The output may begin where the input does if no line is written over values of its channel
    that are read later. Channels do not mind each other.
    """
    x, out = io.inputs[0], io.outputs[0]
    lines = _lines(attrs, io)
    if x.shape[3] != out.shape[3] or (x.shape[0] != 1 and x.shape != out.shape):
        return {}
    along, across = lines.along, lines.across
    y = np.arange(across.n_out)
    read = np.clip(y * across.stride - across.pad + across.kernel, 0, across.n_in)
    if x.shape == out.shape:
        fits = (read > y) | (read == across.n_in)
    elif not lines.is_turned:
        fits = (read * along.n_in >= (y + 1) * along.n_out) | (read == across.n_in)
    else:
        return {}
    return {0: IN_PLACE} if out.n_elements <= x.n_elements and bool(fits.all()) else {}


def _axis_fields(axis: _Axis, in_step: int, out_step: int) -> Fields:
    """`iseul_axis_t`."""
    return {
        "in": axis.n_in,
        "out": axis.n_out,
        "in_step": in_step,
        "out_step": out_step,
        "kernel": axis.kernel,
        "stride": axis.stride,
        "pad": axis.pad,
    }


def _scales(io: Io, rows: Array, steps: prove.Staircase, together: NDArray[np.bool_]) -> Array:
    """Words of each channel, (C, 4) or, where sums dip, (C, 6)."""
    lower, upper = steps.digits
    words = [
        steps.start - mul32.biases(io, rows),
        steps.width << prove.DIGIT | lower,
        upper << 1 | together,
        steps.constant,
    ]
    if steps.dips:
        words += [-steps.start, steps.dip]
    return (np.stack(words, 1) & 0xFFFFFFFF).astype(np.uint32).view(np.int32)


def depthwise() -> tuple[Card, ...]:
    """The cards of depthwise convolution."""

    def emit(dips: bool) -> Callable[[Any, Io], Fields]:
        def fields_of(attrs: Any, io: Io) -> Fields:
            """`iseul_depthwise_s8_mul32_t`."""
            lines, weights = _lines(attrs, io), _weights(attrs, io)
            n, _, width, c = io.inputs[0].shape
            in_steps, out_steps = (width * c, c), (io.outputs[0].shape[2] * c, c)
            i = 0 if lines.is_turned else 1
            rows = weights.reshape(c, -1)
            steps = mul32.staircase(attrs, io, rows, dips)
            return {
                "along": _axis_fields(lines.along, in_steps[i], out_steps[i]),
                "across": _axis_fields(lines.across, in_steps[1 - i], out_steps[1 - i]),
                "batch": n,
                "channels": c,
                "scales": _scales(io, rows, steps, _together(weights)).reshape(-1),
                "weights": weights.reshape(-1),
                "in_zero_point": zero_point(io.inputs[0]),
            }

        return fields_of

    def proofs_of(dips: bool) -> Callable[[Any, Io], tuple[Proof, ...]]:
        def proofs(attrs: Any, io: Io) -> tuple[Proof, ...]:
            weights = _weights(attrs, io)
            form = mul32.two_products(attrs, io, weights.reshape(len(weights), -1), dips)
            return SharedOutputs(weights, _together(weights)), form

        return proofs

    def cost_of(pair: int, tap: int, column: int, per_line: int, per_channel: int) -> Cost:
        def cost(attrs: Any, io: Io) -> int:
            """Per pair of outputs, per tap of it, per column of a line of words, per line, and per
            channel. On a Cortex-M0+ 34, 4, 6, 110, 150 for 3x3, else 55, 5, 10, 100, 200; 10 more
            per pair where sums below 0 are treated apart. On RISC-V 8 more per pair, 40 less per
            line.
            """
            lines = _lines(attrs, io)
            n, _, _, c = io.inputs[0].shape
            taps = lines.along.kernel * lines.across.kernel
            return n * c * (_price(lines, pair, tap, column, per_line) + per_channel + 5 * taps)

        return cost

    def scratch_bytes(attrs: Any, io: Io) -> int:
        """Weights and scale of a channel, and the words of its lines."""
        return _lines(attrs, io).n_bytes

    def card(symbol: str, dips: bool, is_3x3: bool) -> Card:
        kernels = three_by_three if is_3x3 else others
        rules = (*grouped.INT8, one_to_one, grouped.centred, undilated, short_lines, kernels)
        more = 10 if dips else 0
        pair, tap, column, line, channel = (34, 4, 6, 110, 150) if is_3x3 else (55, 5, 10, 100, 200)
        return Card(
            symbol,
            "iseul_depthwise_s8_mul32_t",
            (*rules, pairs_fit, mul32.rises(_rows, dips)),
            cost_of(pair + more, tap, column, line, channel),
            emit(dips),
            isa="mul32",
            scratch_bytes=scratch_bytes,
            overlap=_in_place,
            costs={"riscv32imc": cost_of(pair + more + 8, tap, column, line - 40, channel)},
            proofs=proofs_of(dips),
        )

    return (
        card("iseul_depthwise_3x3_rectified_s8_mul32", False, True),
        card("iseul_depthwise_3x3_s8_mul32", True, True),
        card("iseul_depthwise_rectified_s8_mul32", False, False),
        card("iseul_depthwise_conv2d_s8_mul32", True, False),
        *mul32.convolution(grouped.of_depthwise_conv2d, by_position),
    )
