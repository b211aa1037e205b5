# SPDX-License-Identifier: Apache-2.0
"""What the cards of ops of each value alone share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import value_by_value

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.kernels._card import Fields, Rule
    from iseul.graph.ir import DType, Io
    from iseul.numerics import Array


def emit_n(attrs: Any, io: Io) -> Fields:
    """`iseul_each_t`."""
    return {"n": io.outputs[0].n_elements}


def each(
    symbol: str,
    params: str,
    dtypes: tuple[DType, ...],
    per_value: int,
    emit: Callable[[Any, Io], Fields] = emit_n,
    *rules: Rule,
) -> Card:
    """A card whose cost is proportional to the number of values.

    dtypes: all dtypes, or those of input and output
    rules:  behind that of the dtypes
    """

    def cost(attrs: Any, io: Io) -> int:
        return per_value * io.outputs[0].n_elements

    cost.__doc__ = f"{per_value} per value."
    fits = (kinds(*dtypes), *rules)
    return Card(symbol, params, fits, cost, emit, overlap=value_by_value)


def real(symbol: str, per_value: int) -> Card:
    """A function of float32 without parameters."""
    return each(symbol, "iseul_each_t", ("float32",), per_value)


def interpolated(table: Callable[[Any, Io], Array]) -> Card:
    """Any function of int16 by straight lines. table: (attrs, io) -> 513 results."""

    def emit(attrs: Any, io: Io) -> Fields:
        return {"n": io.outputs[0].n_elements, "table": table(attrs, io).astype(np.int16)}

    return each("iseul_lookup_s16", "iseul_lookup_s16_t", ("int16",), 13, emit)
