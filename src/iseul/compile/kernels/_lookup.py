# SPDX-License-Identifier: Apache-2.0
"""The card of int8 ops of one value: a table of all 256 results, made by the op's own meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels._each import each
from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Io

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Card, Fields
    from iseul.numerics import Array


def results(op: str, attrs: Any, io: Io) -> Array:
    """What the op makes of -128 .. 127, (256,) int8. io: of a node that maps each value alone."""
    shape = (1, 256)
    narrow = Io(
        tuple(replace(value, shape=shape) for value in io.inputs[:1]) + io.inputs[1:],
        tuple(replace(value, shape=shape) for value in io.outputs),
    )
    every = np.arange(-128, 128).astype(np.int8).reshape(shape)
    inputs = [every, *(value.data for value in io.inputs[1:])]
    table: Array = registry.load(OPS, op).run(attrs, inputs, narrow)[0].reshape(256)
    return table


def lookup(op: str) -> Card:
    """The card of an op that maps each int8 alone, whatever it computes."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, "table": results(op, attrs, io)}

    return each("iseul_lookup_s8", "iseul_lookup_s8_t", ("int8",), 6, emit)
