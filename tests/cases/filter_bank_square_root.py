# SPDX-License-Identifier: Apache-2.0
"""Cases of filter_bank_square_root."""

from __future__ import annotations

import math

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _build(net: Net) -> str:
    x, bits = net.input("x", (8,), "uint64"), net.input("bits", (), "int32")
    return net.node("filter_bank_square_root", [x, bits], dtype="uint32")


def _feed() -> list[np.ndarray]:
    """Ends, neighbours of squares, and halves between roots."""
    most = 2**64 - 1
    rows = [
        [0, 1, 2, 3, 4, 5, 6, 7],
        [2**32 - 1, 2**32, 2**32 + 1, 2**32 - 2**16, 65535**2, 65535**2 + 65535, 65536**2 - 1, 9],
        [most, most - 1, (2**32 - 1) ** 2, (2**32 - 1) ** 2 - 1, 2**63, 2**62, 2**62 - 1, 2**33],
        [
            10**9 * 10**9,
            10**18 + 10**9,
            10**18 + 10**9 + 1,
            12345**2,
            12345**2 + 12345,
            12345**2 + 12346,
            3,
            8,
        ],
        [123456789012345678, 9876543210, 2**40, 2**41, 2**50 + 7, 99, 100, 101],
    ]
    return [np.array(rows, np.uint64), np.array([0, 0, 0, 3, 15], np.int32)]


def _random() -> list[np.ndarray]:
    rng = np.random.default_rng(5)
    sizes = 2.0 ** rng.uniform(0, 64, (6, 8))
    return [sizes.astype(np.uint64), np.array([0, 1, 7, 12, 15, 31], np.int32)]


CASES = (
    Case("filter_bank_square_root/ends and neighbours", _build, feed=_feed),
    Case("filter_bank_square_root/of all sizes", _build, feed=_random),
)


def scalar(op: Op) -> np.ndarray:
    """Roots rounded to nearest, cut off where their integer ends."""
    made = []
    for x in op.x[0].tolist():
        root = math.isqrt(x)
        most = 2**16 - 1 if x < 2**32 else 2**32 - 1
        if x - root * root > root and root != most:
            root += 1
        made.append(root >> int(op.x[1]))
    return np.array(made, object)
