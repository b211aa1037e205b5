# SPDX-License-Identifier: Apache-2.0
"""Cards of int8 kernels that scale by float32 factors, for Cortex-M cores with the DSP extension.

They are those of `_dsp.py` but for what becomes of the sums (`iseul_factor_dsp.h`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _dsp as dsp
from iseul.compile.kernels import _fields as fields
from iseul.compile.proofs import OneMultiply
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._quantized import zero_point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from iseul.compile.kernels._card import Card, Fields
    from iseul.compile.kernels._grouped import Arrange
    from iseul.compile.proofs import Proof
    from iseul.graph.ir import Io
    from iseul.numerics import Array


_OF_FIXED_POINT = (dsp.scales_down, dsp.rectified)


def _without_fixed_point(card: Card) -> Callable[[Any, Io], tuple[Proof, ...]]:
    """The card's proofs but for that of its scaling."""

    def proofs(attrs: Any, io: Io) -> tuple[Proof, ...]:
        return tuple(p for p in card.proofs(attrs, io) if not isinstance(p, OneMultiply))

    return proofs


def _cards(
    of_fixed_point: Iterable[Card], symbol: str, params: str, emit: Callable[[Any, Io], Fields]
) -> tuple[Card, ...]:
    """The same kernels for float32 factors, which may have any size."""
    return tuple(
        replace(
            card,
            symbol=symbol,
            params=params,
            fits=tuple(rule for rule in card.fits if rule not in _OF_FIXED_POINT),
            emit=emit,
            requantization="float",
            proofs=_without_fixed_point(card),
        )
        for card in of_fixed_point
    )


def _factors(io: Io, n_channels: int, n: int) -> Array:
    """The channels' factors, filled up to n with zeros."""
    found = np.zeros(n, np.float32)
    found[:n_channels] = quantized.output_factors(io, n_channels)
    return found


def _range(attrs: Any, io: Io) -> dict[str, int]:
    """`iseul_range_s8_t`."""
    return {"zero_point": zero_point(io.outputs[0]), **fields.clamp_s8(io, attrs.activation)}


def convolution(arrange: Arrange) -> tuple[Card, ...]:
    """The cards of an op that `arrange` makes a convolution in groups; they take one group."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_conv_factor_s8_dsp_t`."""
        made = arrange(attrs, io)
        n = made.window["out_c"]
        rows = dsp.strip_rows(made.weights)
        bias, weights = dsp.folded_bias(io, rows, 2), dsp.pack(rows, 2)
        parts = (bias, weights, _factors(io, n, len(bias)))
        little = [part.astype(part.dtype.newbyteorder("<")).view(np.int8) for part in parts]
        blocks = [part.reshape(len(bias) // 2, -1) for part in little]
        return {
            "window": made.window,
            "depth": len(weights) // len(bias),
            "channels": np.concatenate(blocks, axis=1).reshape(-1),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": _range(attrs, io),
        }

    symbol, params = "iseul_conv2d_factor_s8_dsp", "iseul_conv_factor_s8_dsp_t"
    general = (c for c in dsp.convolution(arrange) if c.symbol == "iseul_conv2d_s8_dsp")
    return _cards(general, symbol, params, emit)


def depthwise() -> tuple[Card, ...]:
    """The cards of depthwise convolution."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_depthwise_factor_s8_dsp_t`."""
        weights = fields.data_of(io.inputs[1])
        n = weights.shape[3]
        return {
            "window": fields.window(attrs, io, (weights.shape[1], weights.shape[2])),
            "weights": weights,
            "bias": fields.bias(io, n),
            "factor": _factors(io, n, n),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": _range(attrs, io),
        }

    def emit_planes(attrs: Any, io: Io) -> Fields:
        """`iseul_planes_factor_s8_dsp_t`."""
        pitch, plane = dsp.padded_plane(attrs, io)
        weights = fields.data_of(io.inputs[1])
        n = weights.shape[3]
        return {
            "window": fields.window(attrs, io, (3, 3)),
            "pitch": pitch,
            "plane": plane,
            "weights": weights,
            "bias": dsp.folded_bias(io, weights.reshape(-1, n).T, 1),
            "factor": _factors(io, n, n),
            "in_zero_point": zero_point(io.inputs[0]),
            "output": _range(attrs, io),
        }

    cards = dsp.depthwise()
    by_planes = (card for card in cards if card.symbol == "iseul_depthwise_planes_s8_dsp")
    by_taps = (card for card in cards if card.symbol == "iseul_depthwise_conv2d_s8_dsp")
    planes, taps = "iseul_planes_factor_s8_dsp", "iseul_depthwise_factor_s8_dsp"
    return (
        *_cards(by_planes, planes, f"{planes}_t", emit_planes),
        *_cards(by_taps, taps, f"{taps}_t", emit),
    )


def fully_connected() -> tuple[Card, ...]:
    """The cards of fully connected layers."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_rows_factor_s8_dsp_t`."""
        rows = fields.data_of(io.inputs[1])
        n, depth = rows.shape
        bias = dsp.folded_bias(io, rows, 4)
        return {
            "rows": io.outputs[0].n_elements // n,
            "in_size": depth,
            "out_size": n,
            "weights": dsp.pack(rows, 4),
            "bias": bias,
            "factor": _factors(io, n, len(bias)),
            "output": _range(attrs, io),
        }

    symbol, params = "iseul_fully_connected_factor_s8_dsp", "iseul_rows_factor_s8_dsp_t"
    general = (c for c in dsp.fully_connected() if c.symbol == "iseul_fully_connected_s8_dsp")
    return _cards(general, symbol, params, emit)
