# SPDX-License-Identifier: Apache-2.0
"""Cases of stacker."""

from __future__ import annotations

import numpy as np

from cases._case import Case, Net
from cases._scalar import Op


def _case(what: str, channels: int, left: int, right: int, step: int) -> Case:
    held = max(1, channels * (left + right))

    def build(net: Net) -> list[str]:
        values = [net.input("x", (channels,), "int16"), net.input("held", (held,), "int16")]
        values.append(net.input("count", (), "int32"))
        kinds = ("int16", "bool", "int16", "int32")
        made = net.node("stacker", values, dtype=kinds, left=left, right=right, step=step)
        return list(net.outputs_of(made))

    def feed() -> list[np.ndarray]:
        rng = np.random.default_rng(channels)
        counts = np.arange(-2, held + 2)
        x, before = (rng.integers(-(2**15), 2**15, (len(counts), k)) for k in (channels, held))
        return [x.astype(np.int16), before.astype(np.int16), counts.astype(np.int32)]

    return Case(f"stacker/{what}", build, feed=feed)


CASES = (
    _case("both sides", 3, 2, 1, 2),
    _case("left only", 2, 3, 0, 1),
    _case("right only", 2, 0, 3, 4),
    _case("no context", 5, 0, 0, 1),
    _case("one channel", 1, 4, 4, 3),
)


def scalar(op: Op) -> list[np.ndarray]:
    """A queue, which the first frame fills several times."""
    x, most = op.x[0].tolist(), len(op.x[1])
    a, count = op.attrs, int(op.x[2])
    size = len(x) * (a.left + a.right + 1)
    queue = x * a.left if count < 0 else op.x[1].tolist()[most - min(count, most) :]
    queue += x
    valid = len(queue) >= size
    stack = queue[:size] if valid else [0] * size
    if valid:
        queue = queue[len(x) * a.step :]
    left = min(len(queue), most)
    held = [0] * (most - left) + queue[len(queue) - left :]
    return [np.array(stack), np.array(valid), np.array(held), np.array(left)]
