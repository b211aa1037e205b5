# SPDX-License-Identifier: Apache-2.0
"""Cases of fft_auto_scale."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _build(net: Net) -> list[str]:
    made = net.node("fft_auto_scale", [net.input("x", (6,), "int16")], dtype=("int16", "int32"))
    return list(net.outputs_of(made))


_LOWEST = -(2**15)


def _rows(*rows: tuple[int, ...]) -> list[np.ndarray]:
    return [np.array(rows, np.int16)]


CASES = (
    Case("fft_auto_scale/random", _build),
    Case(
        "fft_auto_scale/small",
        _build,
        feed=lambda: _rows(
            (0,) * 6, (1, 0, 0, 0, 0, -1), (3, -4, 2, 0, 0, 1), (0, 255, -256, 7, 0, 0)
        ),
    ),
    Case(
        "fft_auto_scale/large",
        _build,
        feed=lambda: _rows(
            (16383, 0, 0, -16384, 0, 1), (16384, 1, 2, 3, 4, 5), (1, 32767, 0, 0, 0, 0)
        ),
    ),
    Case(
        "fft_auto_scale/lowest",
        _build,
        feed=lambda: _rows(
            (1, 2, 3, 4, 5, _LOWEST),
            (_LOWEST, 1, -2, 0, 0, 0),
            (9, _LOWEST, -100, -50, -200, 3),
            (9, _LOWEST, -100, -50, -20, -10),
            (7, _LOWEST, _LOWEST, 300, -1, 0),
            (_LOWEST, -1, 0, 0, 0, 0),
        ),
    ),
)


def scalar(op: Op) -> list[np.ndarray]:
    """MaxAbs16 in an int16, then the shift."""
    most = 0
    for x in op.x[0].tolist():
        if x > most:
            most = x
        elif -x > most:
            most = (-x + 2**15) % 2**16 - 2**15
    bits = 15 - (32 if most < 0 else most.bit_length())
    bits = max(bits, 0)
    scaled = [(x * 2**bits + 2**15) % 2**16 - 2**15 for x in op.x[0].tolist()]
    return [np.array(scaled), np.array(bits)]
