# SPDX-License-Identifier: Apache-2.0
"""Cases of pcan."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _sizes() -> list[np.ndarray]:
    """Noise of every number of bits, beside the places where the polynomial changes."""
    rng = np.random.default_rng(3)
    noise = [
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        *(2**k - 1 for k in range(10, 33)),
        *(2**k for k in range(10, 32)),
    ]
    noise += [2**k + 2 ** (k - 1) + 3 for k in range(10, 31)]
    x = (2.0 ** rng.uniform(0, 20, (3, len(noise)))).astype(np.uint32)
    return [x, np.tile(np.array(noise, np.uint32), (3, 1))]


def _case(what: str, n: int, shift: int = 6, low: int = 0, sizes: bool = False) -> Case:
    n = _sizes()[0].shape[1] if sizes else n

    def build(net: Net) -> str:
        gains = np.sort(net.random.integers(low, 2**15, 125))[::-1].astype(np.int16)
        values = [net.input("x", (n,), "uint32"), net.input("noise", (n,), "uint32")]
        return net.node("pcan", [*values, net.constant("gains", gains)], snr_shift=shift)

    return Case(f"pcan/{what}", build, feed=_sizes if sizes else None)


CASES = (
    _case("the whole range", 9),
    _case("every size of noise", 0, sizes=True),
    _case("every size of noise, large shift", 0, 20, sizes=True),
    _case("every size of noise, negative gains", 0, 3, -(2**15), sizes=True),
    _case("no shift", 5, 0),
    _case("largest shift", 5, 63),
)


def scalar(op: Op) -> np.ndarray:
    """ApplyPcanAutoGainControlFixed."""
    gains = op.x[2].tolist()
    made = []
    for x, noise in zip(op.x[0].tolist(), op.x[1].tolist(), strict=True):
        snr = ((x * (_gain(noise, gains) % 2**32)) >> op.attrs.snr_shift) % 2**32
        made.append((snr * snr) % 2**32 >> 20 if snr < 8192 else (snr >> 6) - 64)
    return np.array(made, object)


def _gain(x: int, gains: list[int]) -> int:
    """WideDynamicFunction."""
    if x <= 2:
        return gains[x]
    bits = x.bit_length()
    at = 4 * bits - 6
    fraction = (x << (11 - bits) if bits < 11 else x >> (bits - 11)) & 0x3FF
    result = ((gains[at + 2] * fraction) >> 5) + gains[at + 1] * 32
    result = ((result * fraction + (1 << 14)) >> 15) + gains[at]
    return (result + 2**15) % 2**16 - 2**15
