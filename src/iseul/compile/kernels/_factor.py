# SPDX-License-Identifier: Apache-2.0
"""Cards of int8 kernels that scale by float32 factors: nodes with requantization "float"."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile import prove
from iseul.compile.kernels import _binary as binary
from iseul.compile.kernels import _fields as fields
from iseul.compile.kernels import _grouped as grouped
from iseul.compile.kernels import _sums as sums
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import by_position
from iseul.compile.proofs import LinearSum
from iseul.graph.ir import Io
from iseul.graph.ops import _float_requantized as float_requantized
from iseul.graph.ops import _quantized as quantized
from iseul.graph.ops._quantized import quant_of, zero_point
from iseul.numerics.float_requantize import halves

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from iseul.compile.kernels._card import Field, Fields, Rule
    from iseul.compile.kernels._grouped import Arrange, Overlap
    from iseul.graph.ir import Value
    from iseul.numerics.affine import Activation

_INT8 = (kinds("int8"),)


def _limits(activation: Activation, io: Io, offset: int) -> dict[str, float]:
    """low and high of the output, shifted."""
    low, high = float_requantized.clamp(activation, io, offset)
    return {"low": float(low), "high": float(high)}


def _factors(attrs: Any, io: Io, n_channels: int) -> dict[str, Field]:
    """`iseul_factors_t`. One factor for all channels is stored once."""
    is_single = len(quant_of(io.inputs[1]).scale) == 1
    zero = zero_point(io.outputs[0])
    return {
        "factor": quantized.output_factors(io, 1 if is_single else n_channels),
        "step": 0 if is_single else 1,
        "zero_point": zero,
        **_limits(attrs.activation, io, -zero),
    }


def _weighted(io: Io, window: Any, groups: Any, weights: Any, output: Any) -> Fields:
    """`iseul_conv_factor_s8_t`."""
    zeros = np.array(quant_of(io.inputs[1]).zero_point, np.int8)
    return {
        "window": window,
        "groups": groups,
        "weights": weights,
        "bias": fields.bias(io, window["out_c"]),
        "weights_zero_point": zeros,
        "is_centred": int(not zeros.any()),
        "in_zero_point": zero_point(io.inputs[0]),
        "output": output,
    }


def convolution(arrange: Arrange, overlap: Overlap) -> Card:
    """The card of an op that `arrange` makes a convolution in groups."""

    def emit(attrs: Any, io: Io) -> Fields:
        made = arrange(attrs, io)
        output = _factors(attrs, io, made.window["out_c"])
        return _weighted(io, made.window, made.groups, made.weights, output)

    def cost(attrs: Any, io: Io) -> int:
        """3 per MAC, 10 per run of taps, 50 per output."""
        made = arrange(attrs, io)
        return 3 * made.n_macs + 10 * made.n_runs + 50 * made.n_outputs

    return Card(
        "iseul_conv2d_factor_s8",
        "iseul_conv_factor_s8_t",
        (*_INT8, grouped.sums_in_two_parts),
        cost,
        emit,
        overlap=overlap,
        requantization="float",
    )


def depthwise(arrange: Arrange) -> tuple[Card, ...]:
    """The cards of depthwise convolution: weights as they are, or with zero points in groups."""

    def emit(attrs: Any, io: Io) -> Fields:
        weights = fields.data_of(io.inputs[1])
        window = fields.window(attrs, io, (weights.shape[1], weights.shape[2]))
        groups = {"group_in": 1, "group_out": window["out_c"] // window["in_c"]}
        return _weighted(io, window, groups, weights, _factors(attrs, io, window["out_c"]))

    def cost(attrs: Any, io: Io) -> int:
        """5 per MAC, 60 per output."""
        n_taps = io.inputs[1].shape[1] * io.inputs[1].shape[2]
        return (5 * n_taps + 60) * io.outputs[0].n_elements

    own = Card(
        "iseul_depthwise_conv2d_factor_s8",
        "iseul_conv_factor_s8_t",
        (*_INT8, grouped.centred),
        cost,
        emit,
        overlap=by_position,
        requantization="float",
    )
    return (own, convolution(arrange, by_position))


def _halves(factor: np.float32) -> dict[str, float]:
    """`iseul_halves_t`."""
    upper, lower = halves(factor)
    return {"upper": float(upper), "lower": float(lower)}


@lru_cache(maxsize=64)
def _linear_sum(
    a: Value, b: Value, out: Value, activation: Activation, offset: int
) -> LinearSum | None:
    io = Io((a, b), (out,))
    every = np.arange(-128, 128)
    table = float_requantized.added(every[:, None], every, io, activation, offset)
    s_a, s_b, s_y = (float_requantized.scale_of(value) for value in (a, b, out))
    limits = float_requantized.clamp(activation, io)
    form = prove.linear(table, s_a / s_y, s_b / s_y, *limits)
    return LinearSum(form, table) if form else None


def _linear_form(attrs: Any, io: Io) -> LinearSum | None:
    return _linear_sum(*io.inputs, io.outputs[0], attrs.activation, attrs.offset)


def addition() -> tuple[Card, ...]:
    """The cards of add."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_add_factor_s8_t` behind `shape`."""
        a, b, constant = float_requantized.sum_factors(io, attrs.offset)
        return {
            "a": _halves(a),
            "b": _halves(b),
            "constant": float(constant),
            **_limits(attrs.activation, io, attrs.offset),
            "offset": attrs.offset,
        }

    linear = replace(sums.linear_card(_linear_form), requantization="float")
    return (linear, *_pair("add", 55, emit))


def multiplication() -> tuple[Card, ...]:
    """The cards of mul."""

    def emit(attrs: Any, io: Io) -> Fields:
        """`iseul_mul_factor_s8_t` behind `shape`."""
        return {
            "a_zero_point": zero_point(io.inputs[0]),
            "b_zero_point": zero_point(io.inputs[1]),
            "factor": float(float_requantized.product_factor(io)),
            "zero_point": float(zero_point(io.outputs[0]) + attrs.offset),
            **_limits(attrs.activation, io, attrs.offset),
            "offset": attrs.offset,
        }

    return _pair("mul", 25, emit)


def _pair(op: str, per_value: int, emit: Callable[[Any, Io], Fields]) -> tuple[Card, ...]:
    symbol = f"iseul_{op}_factor_s8"
    own = binary.card(symbol, f"{symbol}_t", ("int8",), per_value, emit)
    return tuple(replace(card, requantization="float") for card in (binary.lookup(op), own))


def average_pool(area: Callable[[Any], int]) -> Card:
    """The card of average_pool2d. area: taps of every window if padding counts, else 0."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {
            "window": fields.window(attrs, io, attrs.kernel_size),
            "area": area(attrs),
            "in_zero_point": zero_point(io.inputs[0]),
            "in_scale": float_requantized.scale_of(io.inputs[0]),
            "scale": float_requantized.scale_of(io.outputs[0]),
            "zero_point": float(zero_point(io.outputs[0]) + attrs.offset),
            **_limits(attrs.activation, io, attrs.offset),
            "offset": attrs.offset,
        }

    def cost(attrs: Any, io: Io) -> int:
        """9 per tap, 70 per output."""
        n_taps = attrs.kernel_size[0] * attrs.kernel_size[1]
        return (9 * n_taps + 70) * io.outputs[0].n_elements

    symbol = "iseul_average_pool2d_factor_s8"
    params = "iseul_average_pool_factor_s8_t"
    return Card(symbol, params, _INT8, cost, emit, overlap=by_position, requantization="float")


def mean(axes: Callable[[Any, Io], Mapping[str, Field]], few_axes: Any, n: Any) -> Card:
    """The card of mean. axes: gives `iseul_axes_t`; n: values that one output is made of."""

    def emit(attrs: Any, io: Io) -> Fields:
        zero = zero_point(io.outputs[0])
        return {
            "axes": axes(attrs, io),
            "in_offset": zero_point(io.inputs[0]) * n(attrs, io),
            "factor": float(float_requantized.mean_factor(n(attrs, io), io)),
            "zero_point": zero,
            **_limits("none", io, -zero),
        }

    def cost(attrs: Any, io: Io) -> int:
        """7 per value that goes in, 50 per value that comes out."""
        return 7 * io.inputs[0].n_elements + 50 * io.outputs[0].n_elements

    return Card(
        "iseul_mean_factor_s8",
        "iseul_mean_factor_s8_t",
        (*_INT8, few_axes),
        cost,
        emit,
        requantization="float",
    )


def resize_bilinear(sizes: Callable[[Any, Io], Mapping[str, Field]], *rules: Rule) -> Card:
    """The card of resize_bilinear. sizes: gives those of both images."""

    def emit(attrs: Any, io: Io) -> Fields:
        zero = zero_point(io.outputs[0])
        found = dict(sizes(attrs, io))
        for name, axis in (("rows", 1), ("columns", 2)):
            n_in, n_out = io.inputs[0].shape[axis], io.outputs[0].shape[axis]
            place = float_requantized.places(n_in, n_out, attrs.coordinates)
            half, step, scale = (float(number) for number in place)
            found[name] = {"half": half, "step": step, "scale": scale}
        return {
            **found,
            "in_zero_point": -attrs.offset if attrs.offset else zero_point(io.inputs[0]),
            "in_scale": 1.0 if attrs.offset else float_requantized.scale_of(io.inputs[0]),
            "offset": attrs.offset,
            "scale": float_requantized.scale_of(io.outputs[0]),
            "zero_point": zero,
            **_limits("none", io, -zero),
        }

    def cost(attrs: Any, io: Io) -> int:
        """65 per value, 140 per pixel."""
        n = io.outputs[0].n_elements
        return 65 * n + 140 * (n // io.outputs[0].shape[3])

    return Card(
        "iseul_resize_bilinear_factor_s8",
        "iseul_resize_bilinear_factor_s8_t",
        (*_INT8, *rules),
        cost,
        emit,
        requantization="float",
    )


def softmax(rows_of: Callable[[Io], Mapping[str, Field]], overlap: Any) -> Card:
    """The card of softmax. rows_of: gives number and size of rows."""

    def emit(attrs: Any, io: Io) -> Fields:
        size, zero = io.inputs[0].shape[-1], zero_point(io.outputs[0])
        return {
            **rows_of(io),
            "exponentials": float_requantized.exponentials(attrs.beta, size, io),
            "factor": float(float_requantized.share_factor(io)),
            "zero_point": zero,
            **_limits("none", io, -zero),
        }

    def cost(attrs: Any, io: Io) -> int:
        """45 per value, 40 per row."""
        n = io.inputs[0].n_elements
        return 45 * n + 40 * (n // io.inputs[0].shape[-1])

    return Card(
        "iseul_softmax_factor_s8",
        "iseul_softmax_factor_s8_t",
        _INT8,
        cost,
        emit,
        overlap=overlap,
        requantization="float",
    )
