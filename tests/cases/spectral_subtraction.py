# SPDX-License-Identifier: Apache-2.0
"""Cases of spectral_subtraction."""

from __future__ import annotations

from typing import Any

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _sizes(n: int) -> list[np.ndarray]:
    rng = np.random.default_rng(n)
    x = (2.0 ** rng.uniform(0, 24, (6, n))).astype(np.uint32)
    return [x, (2.0 ** rng.uniform(0, 32, (6, n))).astype(np.uint32)]


def _case(what: str, n: int, wide: bool = False, **attrs: Any) -> Case:
    def build(net: Net) -> list[str]:
        x, estimate = net.input("x", (n,), "uint32"), net.input("estimate", (n,), "uint32")
        return list(net.outputs_of(net.node("spectral_subtraction", [x, estimate], **attrs)))

    feed = None if wide else lambda: _sizes(n)
    return Case(f"spectral_subtraction/{what}", build, feed=feed)


CASES = (
    _case("defaults", 9),
    _case("clamped", 8, clamping=True),
    _case("the whole range wraps", 7, wide=True),
    _case("the whole range wraps, clamped", 7, wide=True, clamping=True, smoothing_bits=3),
    _case(
        "no bits",
        5,
        smoothing_bits=0,
        spectral_subtraction_bits=0,
        smoothing=1,
        min_signal_remaining=0,
    ),
    _case(
        "large weights",
        6,
        smoothing=2**31 - 1,
        one_minus_smoothing=2**31 - 1,
        spectral_subtraction_bits=31,
    ),
)


def scalar(op: Op) -> list[np.ndarray]:
    """FilterbankSpectralSubtraction, in 32 and 64 bits."""
    a = op.attrs
    rest, after = [], []
    for i, (x, noise) in enumerate(zip(*(array.tolist() for array in op.x), strict=True)):
        smoothing, kept = (
            (a.alternate_smoothing, a.alternate_one_minus_smoothing)
            if i % 2
            else (a.smoothing, a.one_minus_smoothing)
        )
        scaled = (x << a.smoothing_bits) % 2**32
        total = (scaled * smoothing + noise * kept) % 2**64
        estimate = (total >> a.spectral_subtraction_bits) % 2**32
        taken = min(estimate, scaled)
        floor = ((x * a.min_signal_remaining) % 2**64 >> a.spectral_subtraction_bits) % 2**32
        rest.append(max((scaled - taken) >> a.smoothing_bits, floor))
        after.append(taken if a.clamping else estimate)
    return [np.array(rest, object), np.array(after, object)]
