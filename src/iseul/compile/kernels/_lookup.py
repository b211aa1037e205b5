# SPDX-License-Identifier: Apache-2.0
"""The card of int8 ops of one value: a table of all 256 results, made by the op's own meaning."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels._each import each
from iseul.compile.proofs import Table
from iseul.core import registry
from iseul.graph.build import OPS
from iseul.graph.ir import Io

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.kernels._card import Card, Fields
    from iseul.compile.proofs import Proof
    from iseul.numerics import Array


def on_every(attrs: Any, io: Io) -> Io:
    """A node that maps each value alone, on a row of 256."""
    shape = (1, 256)
    return Io(
        tuple(replace(value, shape=shape) for value in io.inputs[:1]) + io.inputs[1:],
        tuple(replace(value, shape=shape) for value in io.outputs),
    )


def results(op: str, attrs: Any, narrow: Io) -> Array:
    """What the op makes of -128 .. 127, (256,) int8. narrow: has one input that is no constant."""
    every = np.arange(-128, 128).astype(np.int8)
    arrays = [
        value.data if value.data is not None else every.reshape(value.shape)
        for value in narrow.inputs
    ]
    table: Array = registry.load(OPS, op).run(attrs, arrays, narrow)[0].reshape(256)
    return table


def table_of(
    op: str, narrow: Callable[[Any, Io], Io]
) -> tuple[Callable[[Any, Io], Fields], Callable[[Any, Io], tuple[Proof, ...]]]:
    """`emit` and `proofs` of a card for an op. narrow: gives the op on 256 places."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, "table": results(op, attrs, narrow(attrs, io))}

    def proofs(attrs: Any, io: Io) -> tuple[Proof, ...]:
        table = emit(attrs, io)["table"]
        assert isinstance(table, np.ndarray)
        return (Table(op, attrs, narrow(attrs, io), table),)

    return emit, proofs


def lookup(op: str) -> Card:
    """The card of an op that maps each int8 alone, whatever it computes."""
    emit, proofs = table_of(op, on_every)
    card = each("iseul_lookup_s8", "iseul_lookup_s8_t", ("int8",), 6, emit)
    return replace(card, proofs=proofs)
