# SPDX-License-Identifier: Apache-2.0
"""Cases of framer."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, rows: tuple[int, ...], n: int, size: int, step: int) -> Case:
    held = max(1, -(-size // step) * step - step)

    def build(net: Net) -> list[str]:
        values = [net.input("x", (*rows, n), "int16"), net.input("held", (*rows, held), "int16")]
        values.append(net.input("count", (), "int32"))
        kinds = ("int16", "bool", "int16", "int32")
        made = net.node("framer", values, dtype=kinds, frame_size=size, frame_step=step)
        return list(net.outputs_of(made))

    def feed() -> list[np.ndarray]:
        rng = np.random.default_rng(n)
        counts = np.arange(-1, held + 2)  # the outer ones are cut off
        shape = (len(counts), *rows)
        x, before = (rng.integers(-(2**15), 2**15, (*shape, k)) for k in (n, held))
        return [x.astype(np.int16), before.astype(np.int16), counts.astype(np.int32)]

    return Case(f"framer/{what}", build, feed=feed)


CASES = (
    _case("a frame in two steps and a half", (1,), 4, 10, 4),
    _case("several frames", (1,), 12, 7, 3),
    _case("two rows", (2,), 6, 8, 2),
    _case("frames do not overlap", (1,), 10, 5, 5),
    _case("samples are skipped", (), 8, 3, 4),
    _case("step 1", (1,), 2, 6, 1),
)


def scalar(op: Op) -> list[np.ndarray]:
    """A queue per row; queues that are too long lose their oldest samples."""
    n, most = op.x[0].shape[-1], op.x[1].shape[-1]
    size, step = op.attrs.frame_size, op.attrs.frame_step
    count = min(max(int(op.x[2]), 0), most)
    frames, after, valid, left = [], [], True, 0
    for x, held in zip(op.x[0].reshape(-1, n), op.x[1].reshape(-1, most), strict=True):
        queue = held.tolist()[most - count :]
        for i in range(0, n, step):
            queue += x.tolist()[i : i + step]
            valid = valid and len(queue) >= size
            frames += queue[:size] if len(queue) >= size else [0] * size
            queue = queue[step:] if len(queue) >= size else queue
        left = min(len(queue), most)
        after += [0] * (most - left) + queue[len(queue) - left :]
    made = [np.array(frames).reshape(op.out.shape), np.array(valid)]
    return [*made, np.array(after).reshape(op.x[1].shape), np.array(left)]
