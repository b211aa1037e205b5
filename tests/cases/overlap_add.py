# SPDX-License-Identifier: Apache-2.0
"""Cases of overlap_add."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, rows: tuple[int, ...], frames: int, n: int, step: int, kind: str) -> Case:
    def build(net: Net) -> list[str]:
        x = net.input("x", (*rows, frames, n), kind)
        held = net.input("held", (*rows, n), kind)
        return list(net.outputs_of(net.node("overlap_add", [x, held], frame_step=step)))

    return Case(f"overlap_add/{what}", build)


CASES = (
    _case("half overlap", (1,), 3, 8, 4, "int16"),
    _case("no overlap", (1,), 2, 5, 5, "int16"),
    _case("much overlap, two rows", (2,), 5, 7, 2, "int16"),
    _case("one frame", (), 1, 6, 3, "int16"),
    _case("float", (1,), 4, 9, 4, "float32"),
    _case("float, step 1", (1, 2), 3, 4, 1, "float32"),
)


def scalar(op: Op) -> list[np.ndarray]:
    """A buffer per row."""
    *_, frames, n = op.x[0].shape
    step = op.attrs.frame_step
    out, after = [], []
    for x, held in zip(op.x[0].reshape(-1, frames, n), op.x[1].reshape(-1, n), strict=True):
        buffer = held.tolist()
        for frame in x:
            for i, value in enumerate(frame.tolist()):
                if op.real:
                    buffer[i] = float(np.float32(buffer[i]) + np.float32(value))
                else:
                    buffer[i] = min(max(buffer[i] + value, -(2**15)), 2**15 - 1)
            out += buffer[:step]
            buffer = buffer[step:] + [0] * step
        after += buffer
    return [np.array(out).reshape(op.out.shape), np.array(after).reshape(op.x[1].shape)]
