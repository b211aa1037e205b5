# SPDX-License-Identifier: Apache-2.0
"""Which integers a value can hold, per channel: interval analysis over a quantized graph.

Weights and biases are known, so an interval of each input channel gives one of each output
channel, exactly as the op rounds and clamps: every op here is monotone in each operand (or in
each sum of products), so its own numpy meaning, applied to the ends, gives the ends. A channel
whose ends meet is constant: it holds the same integer for every input of the network.

The last axis is the channel. What this file does not know holds its whole dtype.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Io, Value
from iseul.graph.ops import _quantized as quantized
from iseul.numerics.affine import INTEGER_RANGE, storage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Graph, Node
    from iseul.numerics import Array

_KINDS = ("int8", "uint8", "int16")

MOST_CHANNELS = 1 << 20  # of longer axes nothing is known

# ops that map each value alone, or two values with broadcasting, and never fall where one rises
_MONOTONE = ("relu", "relu6", "relu_n1_to_1", "quantize", "add", "minimum", "maximum")
# ops whose every output is one of the values under the window, or a mean of them
_WINDOWS = ("average_pool2d", "max_pool2d")
_WEIGHTED = ("conv2d", "depthwise_conv2d", "fully_connected")


@dataclass(frozen=True, eq=False)
class Interval:
    """Ends of what each channel can hold: two int64 arrays (C,), both ends included."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]

    @property
    def is_constant(self) -> NDArray[np.bool_]:
        """(C,): which channels always hold the same integer."""
        return self.low == self.high


def channel_intervals(graph: Graph) -> dict[str, Interval]:
    """{value: its interval} for every integer activation and constant of the graph."""
    found: dict[str, Interval] = {}
    for value in graph.values.values():
        if value.dtype in _KINDS and value.shape and value.shape[-1] <= MOST_CHANNELS:
            found[value.name] = _of_constant(value) if value.is_constant else _whole(value)
    for node in graph.nodes:
        io = graph.io(node)
        if len(node.outputs) != 1 or node.outputs[0] not in found:
            continue
        rule = _RULES.get(node.op)
        inputs = [found.get(name) for name in node.inputs]
        if rule is None or inputs[0] is None or io.inputs[0].quant is None:
            continue
        made = rule(node, io, inputs)
        if made is not None:
            found[node.outputs[0]] = made
    return found


def _whole(value: Value) -> Interval:
    low, high = INTEGER_RANGE[value.dtype]
    n = value.shape[-1]
    return Interval(np.full(n, low, np.int64), np.full(n, high, np.int64))


def _of_constant(value: Value) -> Interval:
    assert value.data is not None
    rows = value.data.reshape(-1, value.shape[-1]).astype(np.int64)
    if not rows.size:
        return _whole(value)
    return Interval(rows.min(axis=0), rows.max(axis=0))


def _monotone(node: Node, io: Io, inputs: Sequence[Interval | None]) -> Interval | None:
    """The ends of elementwise ops, by the op itself."""
    if any(x is None for x in inputs) or any(v.quant is None for v in io.inputs):
        return None
    narrow = Io(tuple(map(_narrow, io.inputs)), tuple(map(_narrow, io.outputs)))
    ends = []
    for end in ("low", "high"):
        arrays = [
            getattr(x, end).reshape(v.shape).astype(storage(v.dtype))
            for x, v in zip(inputs, narrow.inputs, strict=True)
        ]
        ends.append(_run(node, arrays, narrow))
    return Interval(*ends)


def _narrow(value: Value) -> Value:
    """The value with its channel axis alone."""
    shape = (1,) * max(len(value.shape) - 1, 0) + (value.shape[-1],)
    return Value(value.name, shape, value.dtype, value.quant)


def _run(node: Node, arrays: Sequence[Array], io: Io) -> NDArray[np.int64]:
    op = registry.load(OPS, node.op)
    result: Array = op.run(node.attrs, arrays, io)[0]
    return np.broadcast_to(result, io.outputs[0].shape).reshape(-1).astype(np.int64)


def _window(node: Node, io: Io, inputs: Sequence[Interval | None]) -> Interval | None:
    x = inputs[0]
    assert x is not None
    activation = node.attrs.activation  # type: ignore[attr-defined]
    counts_padding = getattr(node.attrs, "count_include_pad", False)
    if counts_padding or io.inputs[0].quant != io.outputs[0].quant:
        return None
    low, high = (quantized.clamp_integers(end, io, activation) for end in (x.low, x.high))
    return Interval(low, high)


def _pad(node: Node, io: Io, inputs: Sequence[Interval | None]) -> Interval | None:
    x, value = inputs[0], node.attrs.value  # type: ignore[attr-defined]
    assert x is not None
    if node.attrs.pads[-1] != (0, 0):  # type: ignore[attr-defined]
        return None
    quant = quantized.quant_of(io.outputs[0])
    border = round(value / quant.scale[0]) + quant.zero_point[0]
    # one step around it, so that no rounding of the border matters here
    return Interval(np.minimum(x.low, border - 1), np.maximum(x.high, border + 1))


def _reshape(node: Node, io: Io, inputs: Sequence[Interval | None]) -> Interval | None:
    """Channels stay where the last axis stays, or repeat where it is flattened."""
    x, (before, after) = inputs[0], (io.inputs[0].shape[-1], io.outputs[0].shape[-1])
    assert x is not None
    if after % before == 0:
        return Interval(np.tile(x.low, after // before), np.tile(x.high, after // before))
    low, high = int(x.low.min()), int(x.high.max())
    return Interval(np.full(after, low, np.int64), np.full(after, high, np.int64))


def _weighted(node: Node, io: Io, inputs: Sequence[Interval | None]) -> Interval | None:
    sums = accumulator_interval(node, io, inputs[0])
    if sums is None or _may_wrap(io, sums):
        return None
    activation = node.attrs.activation  # type: ignore[attr-defined]
    requantization = node.attrs.requantization  # type: ignore[attr-defined]
    bias = [v.data for v in io.inputs[2:] if v.data is not None]
    # what comes after the sum is monotone: multipliers are not negative
    low, high = (
        quantized.finish(end[None].astype(np.float64), bias, io, activation, requantization)[
            0
        ].astype(np.int64)
        for end in (sums.low, sums.high)
    )
    return Interval(low, high)


def _may_wrap(io: Io, sums: Interval) -> bool:
    """Whether int16 sums of 32 bits may wrap around: then ends do not give ends."""
    if io.dtype != "int16" or quantized.has_wide_sums(io):
        return False
    reach = np.maximum(np.abs(sums.low), np.abs(sums.high)).astype(np.float64)
    for bias in io.inputs[2:]:
        reach = reach + (0 if bias.data is None else np.abs(bias.data.astype(np.float64)))
    _, shift = quantized.output_multipliers(io, len(reach))
    return bool((reach * np.exp2(np.maximum(shift, 0))).max() >= 2**31)


def accumulator_interval(node: Node, io: Io, x: Interval | None) -> Interval | None:
    """The sums of products of a weighted node before the bias: two int64 arrays (C_out,).

    Each tap that can lie on padding may also contribute nothing. None for weights that are not
    known, grouped, or have zero points.
    """
    weights = io.inputs[1]
    plain = weights.data is not None and weights.dtype in ("int8", "int4")
    if x is None or not plain or weights.quant is None or any(weights.quant.zero_point):
        return None
    assert weights.data is not None
    zero = quantized.zero_point(io.inputs[0])
    low, high = x.low - zero, x.high - zero
    w = weights.data.astype(np.int64)
    if node.op == "fully_connected":
        if len(low) != w.shape[1]:
            if w.shape[1] % len(low):
                return None
            low, high = (np.tile(end, w.shape[1] // len(end)) for end in (low, high))
        w = w.reshape(w.shape[0], 1, -1)
        padded = np.zeros(1, np.bool_)
    elif node.op == "depthwise_conv2d":
        multiplier = w.shape[3] // len(low)
        low, high = (np.repeat(end, multiplier)[:, None, None] for end in (low, high))
        padded = padded_taps(node.attrs, io).reshape(-1)
        w = w[0].reshape(-1, w.shape[3]).T[:, :, None]  # (C, taps, 1)
    else:
        if w.shape[3] != len(low):
            return None
        padded = padded_taps(node.attrs, io).reshape(-1)
        w = w.reshape(w.shape[0], -1, w.shape[3])  # (O, taps, C)
    positive, negative = np.maximum(w, 0), np.minimum(w, 0)
    least = (positive * low + negative * high).sum(axis=2)  # (O, taps)
    most = (positive * high + negative * low).sum(axis=2)
    least = np.where(padded, np.minimum(least, 0), least)
    most = np.where(padded, np.maximum(most, 0), most)
    return Interval(least.sum(axis=1), most.sum(axis=1))


def padded_taps(attrs: Any, io: Io) -> NDArray[np.bool_]:
    """(kH, kW): whether a tap of a convolution lies on padding for some output position."""
    kernel = io.inputs[1].shape[1:3]
    sides = []
    for axis in (0, 1):
        start = np.arange(io.outputs[0].shape[1 + axis]) * attrs.stride[axis]
        at = start[:, None] - attrs.pads[2 * axis] + np.arange(kernel[axis]) * attrs.dilation[axis]
        sides.append(((at < 0) | (at >= io.inputs[0].shape[1 + axis])).any(axis=0))
    return sides[0][:, None] | sides[1][None, :]


_RULES: dict[str, Callable[[Node, Io, Sequence[Interval | None]], Interval | None]] = {
    **dict.fromkeys(_MONOTONE, _monotone),
    **dict.fromkeys(_WINDOWS, _window),
    **dict.fromkeys(_WEIGHTED, _weighted),
    "pad": _pad,
    "reshape": _reshape,
}


__all__ = ["MOST_CHANNELS", "Interval", "accumulator_interval", "channel_intervals", "padded_taps"]
