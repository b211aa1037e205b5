# SPDX-License-Identifier: Apache-2.0
"""Kernel of the logical "not": a function of two truths that are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.compile.kernels import _binary as binary
from iseul.compile.kernels._card import Card, kinds
from iseul.compile.kernels._overlap import value_by_value

if TYPE_CHECKING:
    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io


def cost(attrs: Any, io: Io) -> int:
    """16 per value."""
    return binary.START + 16 * io.outputs[0].n_elements


def emit(attrs: Any, io: Io) -> Fields:
    """`iseul_logical_t`: true for 0 and 0."""
    n = np.array([io.outputs[0].n_elements], np.int32)
    steps = np.ones((2, 1), np.int32)
    return {"shape": {"n_axes": 1, "size": n, "step": steps}, "truth": 0b0001}


CARDS = (
    Card(
        "iseul_logical",
        "iseul_logical_t",
        (kinds("bool"),),
        cost,
        emit,
        inputs=(0, 0),
        overlap=value_by_value,
    ),
)
