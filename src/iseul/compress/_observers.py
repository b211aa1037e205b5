# SPDX-License-Identifier: Apache-2.0
"""Observers: which range of reals an activation's 256 integers should cover.

Two runs over the calibration samples, in chunks: the first finds each value's smallest and
largest number, the second counts its numbers in bins between them. No moving averages: every
sample counts the same, and their order does not matter.

min_max:    all that was seen; one outlier makes every step coarser
percentile: cuts off the same share of the numbers at each end
mse:        the range with the least mean squared error of rounding and clipping together
            (Nagel et al.: A White Paper on Neural Network Quantization, 2021, section 3.2)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from iseul.compress._result import only_input
from iseul.core.errors import DataError, ShapeError
from iseul.core.progress import progress
from iseul.graph.interpret import interpret_samples
from iseul.graph.torch_run import run_torch_node
from iseul.numerics.affine import Quantization, per_tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from iseul.graph.ir import Graph
    from iseul.numerics import Array

    Floats = NDArray[np.float64]

Observer = Literal["min_max", "percentile", "mse"]

# 8 bins per step of an int8 range that covers everything seen
N_BINS = 2048
CHUNK = 64

# Below this no sensor or network means anything; keeps reciprocals of scales finite
SMALLEST_SCALE = 2.0**-40

# Candidates of `mse` for each end of the range, as shares of what was seen
_SHARES = np.linspace(0.02, 1.0, 50)


@dataclass(frozen=True)
class Observed:
    """What a value held on the calibration samples.

    low, high: smallest and largest number seen
    counts:    (N_BINS,) numbers per bin of equal width between them
    """

    low: float
    high: float
    counts: NDArray[np.int64]

    @property
    def centres(self) -> Floats:
        """(N_BINS,) middle of each bin."""
        width = (self.high - self.low) / N_BINS
        return self.low + (np.arange(N_BINS, dtype=np.float64) + 0.5) * width


def chunks(
    graph: Graph, x: Array, names: Sequence[str], title: str
) -> Iterator[tuple[slice, dict[str, Array]]]:
    """(which samples, {value: (n, *shape)}) of the named values, chunk by chunk.

    x: (n, *shape) of the graph's only input, or (n, *shape without the batch axis)
    """
    shape = graph.values[only_input(graph)].shape
    if x.shape[1:] == shape[1:] and shape[0] == 1:
        x = x[:, None]
    if x.shape[1:] != shape:
        raise ShapeError(f"calibration samples are {list(x.shape)}, must be [n, {shape[1:]}]")
    if not len(x):
        raise DataError("there are no calibration samples", "n_samples of at least 1")
    made = [name for name in names if graph.producer(name) is not None]
    with progress(title, len(x)) as advance:
        for start in range(0, len(x), CHUNK):
            part = slice(start, min(start + CHUNK, len(x)))
            run = interpret_samples(graph, [x[part]], keep=made, run=run_torch_node)
            yield part, {**dict.fromkeys(graph.inputs, x[part]), **run.values}
            advance(part.stop - part.start)


def observe(graph: Graph, x: Array, names: Sequence[str]) -> dict[str, Observed]:
    """What the named values of a float graph hold on samples.

    Raises DataError if a value is not finite.
    """
    low = dict.fromkeys(names, np.inf)
    high = dict.fromkeys(names, -np.inf)
    for _, values in chunks(graph, x, names, "ranges"):
        for name in names:
            low[name] = min(low[name], float(values[name].min()))
            high[name] = max(high[name], float(values[name].max()))
    broken = [name for name in names if not np.isfinite([low[name], high[name]]).all()]
    if broken:
        raise DataError(f"on the calibration samples {broken[:5]} are not finite")
    counts = {name: np.zeros(N_BINS, np.int64) for name in names}
    for _, values in chunks(graph, x, names, "histograms"):
        for name in names:
            counts[name] += _histogram(values[name], low[name], high[name])
    return {name: Observed(low[name], high[name], counts[name]) for name in names}


def _histogram(x: Array, low: float, high: float) -> NDArray[np.int64]:
    share = (x.reshape(-1).astype(np.float64) - low) / ((high - low) or 1.0)
    bins = np.clip((share * N_BINS).astype(np.int64), 0, N_BINS - 1)
    return np.bincount(bins, minlength=N_BINS)


def choose_range(seen: Observed, observer: Observer, percentile: float) -> tuple[float, float]:
    """(low, high) to cover, 0 included.

    percentile: 50-100; what `percentile` keeps below the upper and above the lower end
    """
    if seen.high <= seen.low or observer == "min_max":
        low, high = seen.low, seen.high
    elif observer == "percentile":
        low, high = _percentile(seen, percentile)
    else:
        low, high = _least_error(seen)
    return min(low, 0.0), max(high, 0.0)


def _percentile(seen: Observed, percentile: float) -> tuple[float, float]:
    share = np.cumsum(seen.counts) / seen.counts.sum()
    edges = np.linspace(seen.low, seen.high, N_BINS + 1)
    first = int(np.searchsorted(share, 1 - percentile / 100, side="right"))
    last = int(np.searchsorted(share, percentile / 100, side="left"))
    return float(edges[min(first, N_BINS - 1)]), float(edges[min(last, N_BINS - 1) + 1])


def _least_error(seen: Observed) -> tuple[float, float]:
    """Both ends are searched together; an end at 0 stays there (behind a ReLU)."""
    lows = _SHARES * seen.low if seen.low < 0 else np.zeros(1)
    highs = _SHARES * seen.high if seen.high > 0 else np.zeros(1)
    best = (np.inf, 0.0, 0.0)
    for low in lows:
        for high in highs:
            error = _squared_error(seen, float(low), float(high))
            best = min(best, (error, float(low), float(high)))
    return best[1], best[2]


def _squared_error(seen: Observed, low: float, high: float) -> float:
    quant = activation_quantization(low, high)
    scale, zero = quant.scale[0], quant.zero_point[0]
    q = np.clip(np.rint(seen.centres / scale) + zero, -128, 127)
    return float(seen.counts @ (seen.centres - scale * (q - zero)) ** 2)


def activation_quantization(
    low: float, high: float, smallest_scale: float = SMALLEST_SCALE
) -> Quantization:
    """int8 quantization that covers [low, high], with 0 among its reals.

    low <= 0 <= high. The zero point is rounded to the nearest integer, so that either end can
    miss by half a step.
    """
    scale = float(np.float32(max((high - low) / 255, smallest_scale)))
    zero = int(np.clip(np.rint(-128 - low / scale), -128, 127))
    return per_tensor(scale, zero)
