# SPDX-License-Identifier: Apache-2.0
"""A log-mel spectrogram made audible: bands back to a spectrum, phases by Griffin and Lim.

What the bands have lost (phase, detail inside a band, loudness below one step) can not come back:
this is for an ear that asks "is that a word?", not a reconstruction.
Paper: Griffin, Lim: Signal Estimation from Modified Short-Time Fourier Transform, IEEE TASSP 1984.
"""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.data._log_mel import STEPS_PER_NEPER, FrontEnd, mel_tables
from iseul.report.read import number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.numerics import Array

ROUNDS = 30  # phases settle to the ear in 20 to 30
_PEAK = 0.8  # of full scale
_MOST = 1 << 20  # samples of one sound


def front_of(said: Mapping[str, Any]) -> FrontEnd | None:
    """The front end that a data set states, or None where a number is missing or out of range."""
    limits = {
        "rate": (1000, 192_000),
        "window_ms": (1, 1000),
        "hop_ms": (1, 1000),
        "n_bands": (2, 512),
        "low_hz": (0, 96_000),
        "high_hz": (1, 96_000),
        "fft_length": (16, 1 << 14),
    }
    found = {key: number(said, key) for key in limits}
    kept = {k: v for k, v in found.items() if v is not None and limits[k][0] <= v <= limits[k][1]}
    if len(kept) < len(limits) or kept["low_hz"] >= kept["high_hz"]:
        return None
    front = FrontEnd(
        int(kept["rate"]),
        int(kept["window_ms"]),
        int(kept["hop_ms"]),
        int(kept["n_bands"]),
        float(kept["low_hz"]),
        float(kept["high_hz"]),
        int(kept["fft_length"]),
    )
    return front if 2 <= front.window <= front.fft_length and front.hop >= 1 else None


def audible(raw: Array, front: FrontEnd) -> Array:
    """(frames, bands) uint8 raw log-mel values to (samples,) float in -1..1."""
    energy = np.exp(2 * raw.astype(np.float64) / STEPS_PER_NEPER) - 1  # raw 0 is silence
    magnitude = np.sqrt(energy @ _triangles(front))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(front.window) + 0.5) / front.window)
    n = front.window + front.hop * (len(raw) - 1)
    place = front.hop * np.arange(len(raw))[:, None] + np.arange(front.window)
    weight = _overlapped(np.tile(window**2, (len(raw), 1)), front.hop, n)
    phase = np.random.default_rng(0).uniform(-np.pi, np.pi, magnitude.shape)
    spectrum = magnitude * np.exp(1j * phase)
    sound = np.zeros(n)
    for _ in range(ROUNDS):
        frames = np.fft.irfft(spectrum, front.fft_length, axis=1)[:, : front.window] * window
        sound = _overlapped(frames, front.hop, n) / np.maximum(weight, 1e-3)
        again = np.fft.rfft(sound[place] * window, front.fft_length, axis=1)
        spectrum = magnitude * np.exp(1j * np.angle(again))
    return _PEAK * sound / max(1e-9, float(np.abs(sound).max()))


def _overlapped(frames: Array, hop: int, n: int) -> Array:
    """(n,) the sum of (count, length) frames that begin `hop` apart."""
    made = np.zeros(n)
    for i, frame in enumerate(frames):
        made[i * hop : i * hop + len(frame)] += frame
    return made


def _triangles(front: FrontEnd) -> Array:
    """(bands, bins): how the energy of a band is spread over its bins; each row sums to 1."""
    weights, unweights, first, at, width = mel_tables(front)
    made = np.zeros((front.n_bands + 1, front.fft_length // 2 + 1))
    for band, (low, start, n) in enumerate(zip(first, at, width, strict=True)):
        made[band, low : low + n] += weights[start : start + n]
        if band < front.n_bands:
            made[band + 1, low : low + n] += unweights[start : start + n]
    rows = made[1:]  # row 0 is what lies below the first band
    return rows / np.maximum(rows.sum(1, keepdims=True), 1)


def wav_uri(sound: Array, rate: int) -> str:
    """A mono 16-bit WAV file as a data URI."""
    data = np.rint(32767 * np.clip(sound, -1, 1)).astype("<i2").tobytes()
    form = struct.pack("<HHIIHH", 1, 1, rate, 2 * rate, 2, 16)
    chunks = b"fmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    whole = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    return "data:audio/wav;base64," + base64.b64encode(whole).decode("ascii")


def player(raw: Array, front: FrontEnd) -> str | None:
    """The sound of one spectrogram as a data URI; None if it does not fit the front end."""
    if raw.ndim != 2 or raw.shape[1] != front.n_bands or not len(raw):
        return None
    if front.window + front.hop * len(raw) > _MOST:
        return None
    return wav_uri(audible(raw, front), front.rate)
