# SPDX-License-Identifier: Apache-2.0
"""Inputs to run a graph on when nobody gave any: random ones from a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.numerics.affine import storage

if TYPE_CHECKING:
    from iseul.graph.ir import Graph, Value
    from iseul.numerics import Array


def random_inputs(graph: Graph, n: int, seed: int = 0) -> list[Array]:
    """n samples per input: integers over the whole range of the dtype, floats normal (0, 1)."""
    generator = np.random.default_rng(seed)
    return [_random(generator, graph.values[name], n) for name in graph.inputs]


def _random(generator: np.random.Generator, value: Value, n: int) -> Array:
    kind, shape = storage(value.dtype), (n, *value.shape)
    if kind.kind == "f":
        return generator.standard_normal(shape).astype(kind)
    if kind.kind == "b":
        return generator.integers(0, 2, shape).astype(kind)
    limits = np.iinfo(kind)
    return generator.integers(limits.min, limits.max, shape, kind, endpoint=True)
