# SPDX-License-Identifier: Apache-2.0
"""Cases of dynamic_update_slice."""

from __future__ import annotations

import numpy as np

from cases._case import N_SAMPLES, Array, Case, Net
from cases._moves import KINDS, fixed, value
from cases._scalar import Op

Shape = tuple[int, ...]


def _case(
    what: str,
    shape: Shape,
    part: Shape,
    kind: str = "int8",
    index: str = "int32",
    constant: bool = False,
) -> Case:
    """First indices are an input, some of them outside; or nothing but x is one."""

    def build(net: Net) -> str:
        x = value(net, shape, kind)
        update = fixed(net, part, kind) if constant else value(net, part, kind, "update")
        if constant:
            first = net.constant("first", np.ones(len(shape), index))
        else:
            first = net.input("first", (len(shape),), index)  # type: ignore[arg-type]
        return net.node("dynamic_update_slice", [x, update, first])

    def feed() -> list[Array]:
        random = np.random.default_rng(len(what))
        arrays: list[Array] = []
        for size in (shape,) if constant else (shape, part):
            if kind == "float32":
                arrays.append(random.normal(size=(N_SAMPLES, *size)).astype(np.float32))
            else:
                high = 2 if kind == "bool" else 128
                drawn = random.integers(0, high, (N_SAMPLES, *size))
                arrays.append(drawn.astype(kind))
        if not constant:
            drawn = random.integers(-1, np.array(shape) + 1, (N_SAMPLES, len(shape)))
            arrays.append(drawn.astype(index))
        return arrays

    return Case(f"dynamic_update_slice/{what}", build, feed=feed)


CASES = (
    *(_case(f"a window, {kind}", (1, 4, 5, 2), (1, 2, 3, 2), kind) for kind in KINDS),
    _case("rows of a cache", (1, 6, 8), (1, 1, 8)),
    _case("by int64", (1, 6, 3), (1, 2, 2), index="int64"),
    _case("everything", (1, 3), (1, 3)),
    _case("known indices", (1, 4, 3), (1, 2, 2), constant=True),
    _case("a vector", (7,), (2,), "int32"),
)


def scalar(op: Op) -> Array:
    """x, then the update element by element."""
    x, update, first = op.x
    result = x.astype(object)
    begin = [
        min(max(int(i), 0), n - size)
        for i, n, size in zip(first, x.shape, update.shape, strict=True)
    ]
    for place in np.ndindex(update.shape):
        result[tuple(a + b for a, b in zip(begin, place, strict=True))] = update[place].item()
    return result
