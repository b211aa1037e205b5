# SPDX-License-Identifier: Apache-2.0
"""Log-mel features of sound, computed by a graph: the device and training see the same integers.

One frame goes window -> fft -> energy -> mel bank -> square root -> logarithm -> int8, all in
the integer ops of the signal family, so the front end compiles to C like any other graph.
Raw byte = int8 + 128; 16 raw steps are one neper (8.7 dB) of a band's amplitude, raw 0 is
silence. Frames of 30 ms every 20 ms and 40 bands are what keyword spotting on small chips uses
(Zhang et al.: Hello Edge, arXiv 1711.07128, 2017; TensorFlow Lite Micro's micro_speech). Noise
suppression and gain control of the latter are left out: they carry state from clip to clip.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from iseul.core.progress import progress
from iseul.graph.build import Builder
from iseul.graph.interpret import run_numpy
from iseul.graph.ops.filter_bank_square_root import rounded_root
from iseul.numerics.affine import per_tensor

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Graph
    from iseul.numerics import Array

VERSION = 1  # counts up when the same settings give other integers
WINDOW_BITS = 12  # fractional bits of the window
BANK_BITS = 12  # fractional bits of the mel weights
LOG_SCALE = 64  # integer steps per neper behind the logarithm
STEPS_PER_NEPER = 16  # of a raw byte: 255 / 16 nepers hold the loudest tone that the ops can give
CLIPS_PER_PASS = 16
LOG_SHIFT = 3  # bits by which amplitudes are raised before the logarithm


@dataclass(frozen=True)
class FrontEnd:
    """What one frame is.

    rate:          samples per second
    low_hz, high_hz:  edges of the mel bank
    """

    rate: int
    window_ms: int = 30
    hop_ms: int = 20
    n_bands: int = 40
    low_hz: float = 125.0
    high_hz: float = 7500.0
    fft_length: int = 512

    @property
    def window(self) -> int:
        """Samples of a frame."""
        return self.rate * self.window_ms // 1000

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.rate * self.hop_ms // 1000

    def n_frames(self, n_samples: int) -> int:
        """Whole frames in a clip."""
        return max(0, 1 + (n_samples - self.window) // self.hop)


def mel(hz: Array) -> Array:
    """O'Shaughnessy's mel scale, 1127 ln(1 + f / 700)."""
    return 1127.0 * np.log1p(hz / 700.0)


def mel_tables(front: FrontEnd) -> tuple[Array, Array, Array, Array, Array]:
    """weights, unweights, first, at, width of the op `filter_bank`, int16.

    Band centres are equally far apart in mel; a bin between two centres is shared by their
    bands in proportion, so triangles overlap by half and bins count once in all.
    """
    low_mel, high_mel = mel(np.array([front.low_hz, front.high_hz]))
    edges = np.linspace(low_mel, high_mel, front.n_bands + 2)
    bins = mel(np.arange(front.fft_length // 2 + 1) * front.rate / front.fft_length)
    weights, unweights = [], []
    first: list[int] = []
    at: list[int] = []
    width: list[int] = []
    for low, high in itertools.pairwise(edges):
        inside = np.flatnonzero((bins > low) & (bins <= high))
        share = (high - bins[inside]) / (high - low)  # of the band whose centre is `low`
        first.append(int(inside[0]) if len(inside) else 0)
        at.append(sum(width))
        width.append(len(inside))
        weights.append(np.floor(share * (1 << BANK_BITS) + 0.5))
        unweights.append(np.floor((1 - share) * (1 << BANK_BITS) + 0.5))
    tables = (np.concatenate(weights), np.concatenate(unweights), first, at, width)
    made = tuple(np.asarray(table, np.int16) for table in tables)
    return made[0], made[1], made[2], made[3], made[4]


@lru_cache(maxsize=4)
def front_end(front: FrontEnd) -> Graph:
    """The graph of one frame: (window,) int16 samples to (n_bands,) int8."""
    b = Builder("log_mel")
    n = np.arange(front.window)
    hann = (0.5 - 0.5 * np.cos(2 * math.pi * (n + 0.5) / front.window)) * 2**WINDOW_BITS
    hann = np.floor(hann)  # below 1: no product is -2^15, which has no magnitude in 16 bits
    x = b.input("samples", (front.window,), "int16")
    window = b.constant("window", hann.astype(np.int16))
    x = b.node("window", [x, window], shift=WINDOW_BITS, name="windowed")
    x = b.node("fft_auto_scale", [x], dtype=("int16", "int32"), name="scaled")
    shift = b.outputs_of(x)[1]
    x = b.node("rfft", [x], length=front.fft_length, name="spectrum")
    x = b.node("spectrum_energy", [x], dtype="uint32", name="energy")
    names = ("weights", "unweights", "first", "at", "width")
    tables = [b.constant(k, t) for k, t in zip(names, mel_tables(front), strict=True)]
    x = b.node("filter_bank", [x, *tables], dtype="uint64", name="bands")
    x = b.node("filter_bank_square_root", [x, shift], dtype="uint32", name="amplitudes")
    x = b.node(
        "filter_bank_log",
        [x],
        dtype="int16",
        quant=per_tensor(1 / LOG_SCALE, 0),
        output_scale=LOG_SCALE,
        input_correction_bits=LOG_SHIFT,
        name="nepers",
    )
    x = b.node(
        "quantize", [x], dtype="int8", quant=per_tensor(1 / STEPS_PER_NEPER, -128), name="features"
    )
    return b.graph([x], "quantized")


def _scaled(x: Array) -> list[Array]:
    """`fft_auto_scale` of many signals, a shift for each; none holds -2^15 behind a window."""
    most = np.abs(x.astype(np.int64)).max(-1)
    bits = np.clip(15 - np.frexp(most.astype(np.float64))[1], 0, 15).astype(np.int32)
    return [(x.astype(np.int64) << bits[:, None]).astype(np.int16), bits]


def _bands(x: Array, *tables: Array) -> list[Array]:
    """`filter_bank` of many spectra: the triangles as one matrix per kind of weight."""
    weights, unweights, first, at, width = (table.astype(np.int64) for table in tables)
    made, carried = [], np.zeros(len(x), np.uint64)
    for i, j, n in zip(first, at, width, strict=True):
        near = x[:, i : i + n].astype(np.uint64)
        made.append(carried + near @ weights[j : j + n].astype(np.uint64))
        carried = near @ unweights[j : j + n].astype(np.uint64)
    return [np.stack(made[1:], -1)]


def _roots(x: Array, bits: Array) -> list[Array]:
    """`filter_bank_square_root` of many spectra, a shift for each."""
    return [(rounded_root(x) >> bits[:, None].astype(np.uint64)).astype(np.uint32)]


# These ops mean one frame: its largest value, its spectrum, its shift. All others of the graph
# work along the last axis. A test demands that both ways give the same integers.
_STACKED: dict[str, Callable[..., list[Array]]] = {
    "fft_auto_scale": _scaled,
    "filter_bank": _bands,
    "filter_bank_square_root": _roots,
}


def run_frames(graph: Graph, frames: Array) -> Array:
    """What the oracle gives frame by frame, for all frames at once: some 50 times faster.

    frames: (n, window) int16; returns (n, n_bands) int8
    """
    values: dict[str, Array] = {v.name: v.data for v in graph.constants if v.data is not None}
    values[graph.inputs[0]] = frames
    for node in graph.nodes:
        given = [values[name] for name in node.inputs]
        stacked = _STACKED.get(node.op)
        made = stacked(*given) if stacked else run_numpy(node, given, graph.io(node))
        values.update(zip(node.outputs, made, strict=True))
    return values[graph.outputs[0]]


def log_mel(clips: Array, front: FrontEnd) -> Array:
    """Features of clips. (N, samples) int16 to (N, frames, n_bands) uint8."""
    graph = front_end(front)
    n_frames = front.n_frames(clips.shape[1])
    made = np.empty((len(clips), n_frames, front.n_bands), np.uint8)
    with progress("data: log-mel features", len(clips)) as advance:
        for start in range(0, len(clips), CLIPS_PER_PASS):
            some = clips[start : start + CLIPS_PER_PASS]
            frames = sliding_window_view(some, front.window, axis=1)[:, :: front.hop][:, :n_frames]
            flat = np.ascontiguousarray(frames).reshape(-1, front.window)
            features = run_frames(graph, flat).astype(np.int16) + 128
            made[start : start + len(some)] = features.reshape(len(some), n_frames, -1)
            advance(len(some))
    return made
