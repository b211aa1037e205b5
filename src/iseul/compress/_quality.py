# SPDX-License-Identifier: Apache-2.0
"""What each value of a quantized graph covers, and how far its numbers are from the reals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compress._observers import chunks
from iseul.compress._result import only_input
from iseul.graph.interpret import interpret_samples
from iseul.numerics.affine import INTEGER_RANGE, dequantize, quantize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.compress._observers import Observed
    from iseul.graph.ir import Graph, Value
    from iseul.numerics import Array


class _Sums:
    """Of one value over all samples: its power, the error's power, numbers out of range."""

    def __init__(self) -> None:
        self.signal = self.noise = self.own_noise = 0.0
        self.n = self.n_saturated = 0

    def add(self, value: Value, real: Array, integers: Array) -> None:
        assert value.quant is not None
        scale, zero = value.quant.scale[0], value.quant.zero_point[0]
        low, high = INTEGER_RANGE[value.dtype]
        q = np.rint(real / scale) + zero
        rounded = scale * (np.clip(q, low, high) - zero)
        got = dequantize(integers, value.quant)
        self.signal += _power(real)
        self.noise += _power(real - got)
        self.own_noise += _power(real - rounded)
        self.n += real.size
        self.n_saturated += int(((q < low - 1) | (q > high + 1)).sum())


def table_of(
    graph: Graph, quantized: Graph, x_real: Array, seen: Mapping[str, Observed]
) -> list[dict[str, Any]]:
    """One row per value of the quantized graph, in execution order, JSON-able.

    name, node, op   the value, and what makes it ("input" for the graph's input)
    min, max         smallest and largest real on the calibration samples
    low, high        what the integers cover
    scale, zero_point
    saturation       share, 0-1, of the float graph's numbers that lie more than a step outside
    sqnr_db          power of the float graph's numbers over that of their difference to the
                     quantized graph's: what all rounding up to here costs
    sqnr_own_db      the same if this value alone were rounded; None: no error at all
    """
    source = quantized.values[only_input(quantized)]
    assert source.quant is not None
    names = [source.name, *(name for node in quantized.nodes for name in node.outputs)]
    sums = {name: _Sums() for name in names}
    for part, reals in chunks(graph, x_real, names, "quantized against float"):
        q = quantize(x_real[part], source.quant, source.dtype).reshape(-1, *source.shape)
        integers = interpret_samples(quantized, [q], keep=names[1:]).values
        for name in names:
            got = q if name == source.name else integers[name]
            sums[name].add(quantized.values[name], reals[name], got)
    return [_row(quantized, name, sums[name], seen[name]) for name in names]


def _row(graph: Graph, name: str, sums: _Sums, seen: Observed) -> dict[str, Any]:
    value, node = graph.values[name], graph.producer(name)
    assert value.quant is not None
    scale, zero = value.quant.scale[0], value.quant.zero_point[0]
    low, high = INTEGER_RANGE[value.dtype]
    return {
        "name": name,
        "node": node.name if node is not None else name,
        "op": node.op if node is not None else "input",
        "min": seen.low,
        "max": seen.high,
        "low": scale * (low - zero),
        "high": scale * (high - zero),
        "scale": scale,
        "zero_point": zero,
        "saturation": sums.n_saturated / sums.n,
        "sqnr_db": _decibel(sums.signal, sums.noise),
        "sqnr_own_db": _decibel(sums.signal, sums.own_noise),
    }


def _power(x: Array) -> float:
    return float(np.square(x, dtype=np.float64).sum())


def _decibel(signal: float, noise: float) -> float | None:
    return 10 * float(np.log10(signal / noise)) if signal > 0 and noise > 0 else None
