# SPDX-License-Identifier: Apache-2.0
"""Cases of delay."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, rows: tuple[int, ...], n: int, held: int) -> Case:
    def build(net: Net) -> list[str]:
        values = [net.input("x", (*rows, n), "int16"), net.input("held", (*rows, held), "int16")]
        return list(net.outputs_of(net.node("delay", values)))

    return Case(f"delay/{what}", build)


CASES = (
    _case("less than a frame", (1,), 8, 3),
    _case("a frame", (1,), 5, 5),
    _case("more than a frame", (1, 2), 4, 11),
    _case("one sample", (), 1, 1),
)


def scalar(op: Op) -> list[np.ndarray]:
    """A queue per row."""
    n, held = op.x[0].shape[-1], op.x[1].shape[-1]
    out, after = [], []
    for x, queue in zip(op.x[0].reshape(-1, n), op.x[1].reshape(-1, held), strict=True):
        waiting = queue.tolist()
        for sample in x.tolist():
            waiting.append(sample)
            out.append(waiting.pop(0))
        after += waiting
    return [np.array(out).reshape(op.x[0].shape), np.array(after).reshape(op.x[1].shape)]
