# SPDX-License-Identifier: Apache-2.0
"""Cases of filter_bank_log."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _sizes() -> list[np.ndarray]:
    values = [0, 1, 2, 3, 4, 5, *(2**k - 1 for k in range(3, 33)), *(2**k for k in range(3, 32))]
    values += [2**k + 2 ** (k - 1) + 1 for k in range(3, 32)] + list(range(6, 40))
    return [np.array([values], np.uint32)]


def _case(what: str, scale: int = 64, bits: int = 3, sizes: bool = True) -> Case:
    n = _sizes()[0].shape[1] if sizes else 9

    def build(net: Net) -> str:
        attrs = {"output_scale": scale, "input_correction_bits": bits}
        x = net.input("x", (n,), "uint32")
        return net.node("filter_bank_log", [x], dtype="int16", **attrs)

    return Case(f"filter_bank_log/{what}", build, feed=_sizes if sizes else None)


CASES = (
    _case("the whole range", sizes=False),
    _case("every size"),
    _case("every size, no shift", 64, 0),
    _case("saturates", 4000, 0),
    _case("scale wraps", 2**31 - 1, 1),
    _case("scale 0", 0),
    _case("large shift", 64, 31),
)


def scalar(op: Op) -> np.ndarray:
    """FilterbankLog."""
    made = []
    for x in op.x[0].tolist():
        scaled = (x << op.attrs.input_correction_bits) % 2**32
        value = 0
        if scaled > 1:
            loge = (45426 * _log2(scaled) + 32768) >> 16
            value = min((op.attrs.output_scale * loge + 32768) % 2**32 >> 16, 2**15 - 1)
        made.append(value)
    return np.array(made)


def _log2(x: int) -> int:
    """Base 2, 16 fractional bits: table of 128 segments, rounded to nearest."""
    whole = x.bit_length() - 1
    fraction = ((x << 16) >> whole) - (1 << 16)
    segment, inside = divmod(fraction, 512)
    low, high = (
        math.floor(65536 * (math.log2(1 + i / 128) - i / 128) + 0.5) for i in (segment, segment + 1)
    )
    return (whole << 16) + fraction + low + (((high - low) * inside) >> 16)
