# SPDX-License-Identifier: Apache-2.0
"""Fields that kernels of recurrent layers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _fields as fields
from iseul.graph.ops import _recurrent as recurrent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile.kernels._card import Field
    from iseul.graph.ir import Io, Value
    from iseul.numerics import Array


def sequence(attrs: Any, io: Io, size: int) -> dict[str, Field]:
    """`iseul_sequence_t` of an op with x at input 0. size: of a state."""
    batch, steps, n_in = recurrent.sizes(attrs.time_major, io.inputs[0].shape)
    walks = {}
    for name, n in (("in", n_in), ("out", size)):
        step, sample = (batch * n, n) if attrs.time_major else (n, steps * n)
        if name == "out" and not attrs.every_step:
            step, sample = 0, n
        start = (steps - 1) * step if attrs.reverse else 0
        walks[f"{name}_start"] = start
        walks[f"{name}_step"] = -step if attrs.reverse else step
        walks[f"{name}_batch"] = sample
    return {"batch": batch, "steps": steps, "in_size": n_in, "size": size, **walks}


def by_unit(values: Sequence[Value]) -> Array:
    """Matrices or biases of several gates, (S, gates, ...): what a unit needs is in one piece."""
    return np.ascontiguousarray(np.stack([fields.data_of(value) for value in values], 1))


def calls(attrs: Any, io: Io) -> int:
    """Steps of all samples."""
    batch, steps, _ = recurrent.sizes(attrs.time_major, io.inputs[0].shape)
    return batch * steps


def narrow(multiplier: int, shift: int) -> dict[str, int]:
    """`iseul_narrow_t`."""
    n = -shift
    if n > 0:
        upper = 1 << (n - 1)
        return {"multiplier": multiplier, "left": 1, "upper": upper, "sign": 31, "right": n}
    return {"multiplier": multiplier, "left": 1 - n, "upper": 0, "sign": 32, "right": 0}


def is_narrow(reach: int, shift: int) -> bool:
    """Whether `iseul_narrow_t` holds for sums up to `reach` and a scale near 2^shift."""
    return reach << max(0, shift) < 1 << 30
