# SPDX-License-Identifier: Apache-2.0
"""What the cases and scalar texts of recurrent ops share.

`logistic` and `tanh` of int16 are the texts of TensorFlow Lite Micro's integer_ops/logistic.h and
tanh.h in Python numbers, with the table of its kernels/internal/common.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cases._case import Net
from cases._scalar import Op

Array = np.ndarray
Reals = list[float]

# sigmoid_table_uint16: each entry minus the one before it
_STEPS = """
32768 683 682 680 680 676 674 670 667 661 657 651 645 638 632 624 616 608 599 591 581 572 562 552
542 532 521 511 500 489 478 467 456 446 434 424 412 402 391 381 370 360 349 340 329 320 310 300 291
283 273 264 256 248 240 231 224 216 209 202 195 188 182 175 169 162 158 151 146 140 136 130 126 121
117 112 108 104 100 96 93 89 86 82 79 76 74 70 68 65 62 60 58 56 53 51 49 48 45 44 42 40 38 38 35
34 33 32 30 29 28 27 26 24 24 23 22 20 21 19 18 18 17 17 15 15 15 14 13 13 12 12 11 11 11 10 9 9 9
9 8 7 8 7 7 7 6 6 6 5 6 5 5 5 4 4 5 4 3 4 4 3 3 3 3 3 3 3 2 3 2 2 2 3 1 2 2 2 2 1 2 1 2 1 1 2 1 1 1
1 1 1 1 1 1 1 0 1 1 1 0 1 1 0 1 0 1 0 1 0 1 0 0 1 0 1 0 0 1 0 0 0 1 0 0 0 1 0 0 0 0 1 0 0 0 0 0 1 0
0 0 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1
"""
TABLE = np.cumsum([int(step) for step in _STEPS.split()]).tolist()
assert len(TABLE) == 256


def logistic(x: int) -> int:
    """Logistic of Q3.12 (input_multiplier 0, input_left_shift 0)."""
    x *= 3
    uh = abs(x) >> 9
    if uh >= 255:
        result = 0x7FFF << 10
    else:
        result = (TABLE[uh] << 9) + (abs(x) & 0x1FF) * (TABLE[uh + 1] - TABLE[uh])
    result = result + (1 << 9) if x >= 0 else (1 << 25) - result + (1 << 9) - 1
    return result >> 10


def tanh(x: int, left_shift: int) -> int:
    """Tanh (lstm_eval.cc's: a negative shift goes with input_multiplier 3)."""
    if left_shift >= 0:
        x = x * (3 << left_shift)
    else:
        x = (x * 3 + (1 << (-left_shift - 1))) >> -left_shift
    uh = abs(x) >> 8
    if uh >= 255:
        result = 0xFFFF << 8
    else:
        result = (TABLE[uh] << 8) + (abs(x) & 0xFF) * (TABLE[uh + 1] - TABLE[uh])
    half = 1 << 23
    result = result - half + (1 << 7) if x >= 0 else -result + half + (1 << 7) - 1
    return result >> 8


def walked(
    op: Op, states: list[Array], step: Callable[[Reals, list[Reals]], list[Reals]]
) -> list[Array]:
    """y and the states after a sequence. step: (x, states of a sample) -> states of the sample."""
    x = op.x[0] if op.attrs.time_major else op.x[0].swapaxes(0, 1)
    n_steps, n_batch = x.shape[:2]
    rows = [[state.reshape(n_batch, -1)[b].tolist() for state in states] for b in range(n_batch)]
    y: list[Any] = [[None] * n_batch for _ in range(n_steps)]
    times = range(n_steps)
    for t in reversed(times) if op.attrs.reverse else times:
        for b in range(n_batch):
            rows[b] = step(x[t, b].tolist(), rows[b])
            y[t][b] = rows[b][0]
    after = [np.array([row[i] for row in rows]) for i in range(len(states))]
    after = [new.reshape(old.shape) for new, old in zip(after, states, strict=True)]
    if not op.attrs.every_step:
        return [np.array(y[times[0] if op.attrs.reverse else times[-1]]), *after]
    whole = np.array(y)
    return [whole if op.attrs.time_major else whole.swapaxes(0, 1), *after]


def dot(x: list[float], row: list[float]) -> float:
    return sum(a * b for a, b in zip(x, row, strict=True))


def outputs_with_states(net: Net, made: str, states: list[str]) -> list[str]:
    """All outputs of a node; its last ones become the states, if there are any."""
    outputs = list(net.outputs_of(made))
    for state, after in zip(states, outputs[1:], strict=False):
        net.next_state(state, after)
    return outputs
