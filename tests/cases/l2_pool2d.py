# SPDX-License-Identifier: Apache-2.0
"""Cases of l2_pool2d."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cases._case import SUMS_REORDERED, Case, Net
from cases._scalar import Op, clamp, window


def _case(what: str, size: tuple[int, int, int], kernel: tuple[int, int], **attrs: Any) -> Case:
    def build(net: Net) -> str:
        return net.node("l2_pool2d", [net.input("x", (1, *size))], kernel_size=kernel, **attrs)

    return Case(f"l2_pool2d/{what}", build, 1e-5, SUMS_REORDERED, spread=4.0)


CASES = (
    _case("2x2", (6, 4, 8), (2, 2)),
    _case("3x2, uneven pads", (7, 5, 3), (3, 2), stride=(3, 1), pads=(2, 1, 1, 0)),
    _case("1x1", (3, 3, 1), (1, 1), stride=(1, 1)),
    _case("global, relu6", (5, 6, 7), (5, 6), activation="relu6"),
)


def scalar(op: Op) -> np.ndarray:
    """Root of the mean square of the taps inside."""
    x = op.x[0].tolist()
    result = np.zeros(op.out.shape)
    for n, y, column, k in np.ndindex(op.out.shape):
        taps = [x[n][r][c][k] for _, _, r, c in window(op, y, column, op.attrs.kernel_size, (1, 1))]
        root = math.sqrt(sum(tap * tap for tap in taps) / len(taps))
        result[n, y, column, k] = clamp(root, op.attrs.activation, op.out)
    return result
