# SPDX-License-Identifier: Apache-2.0
"""Cases of space_to_batch_nd."""

from __future__ import annotations

import numpy as np

from cases._case import Array, Case, Net
from cases._moves import KINDS, value
from cases._scalar import Op, zero

Pads = tuple[tuple[int, int], ...]


def _case(
    what: str, shape: tuple[int, ...], block: tuple[int, ...], pads: Pads, kind: str = "int8"
) -> Case:
    def build(net: Net) -> str:
        return net.node("space_to_batch_nd", [value(net, shape, kind)], block=block, pads=pads)

    return Case(f"space_to_batch_nd/{what}", build)


CASES = (
    *(
        _case(f"two by three, {kind}", (1, 4, 5, 3), (2, 3), ((0, 0), (1, 3)), kind)
        for kind in KINDS
    ),
    _case("pads off the grid", (1, 3, 4, 2), (2, 2), ((2, 1), (1, 1))),
    _case("two samples", (2, 2, 4, 1), (2, 2), ((0, 0), (0, 0))),
    _case("a signal", (1, 7, 3), (3,), ((1, 1),)),
    _case("one channel", (1, 4, 4, 1), (2, 2), ((0, 0), (0, 0))),
    _case("one by one", (1, 2, 3, 2), (1, 1), ((0, 0), (0, 0))),
)


def scalar(op: Op) -> Array:
    """Each pixel of the padded image goes to the sample of its place in a block."""
    a, x, m = op.attrs, op.x[0], len(op.attrs.block)
    result = np.full(op.out.shape, zero(op.out), object)
    for index in np.ndindex(x.shape):
        sample, to = 0, []
        for i, b, (before, _) in zip(index[1 : m + 1], a.block, a.pads, strict=True):
            sample = sample * b + (i + before) % b
            to.append((i + before) // b)
        result[(sample * x.shape[0] + index[0], *to, *index[m + 1 :])] = x[index].item()
    return result
