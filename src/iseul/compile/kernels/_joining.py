# SPDX-License-Identifier: Apache-2.0
"""Cards of ops that join values along an axis, or cut one along it: whole runs are copied."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from iseul.compile.kernels._card import Card, every_input
from iseul.compile.kernels._moving import int32

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile.kernels._card import Fields
    from iseul.graph.ir import Io

    AxisOf = Callable[[Any, Io], int]


def one_input(attrs: Any, io: Io) -> str | None:
    """there is one input"""
    return None if len(io.inputs) == 1 else f"there are {len(io.inputs)} inputs"


def one_output(attrs: Any, io: Io) -> str | None:
    """there is one output"""
    return None if len(io.outputs) == 1 else f"there are {len(io.outputs)} outputs"


def cost_alias(attrs: Any, io: Io) -> int:
    """Nothing."""
    return 0


def emit_alias(attrs: Any, io: Io) -> Fields:
    """No parameters."""
    return {}


def join_cards(axis_of: AxisOf) -> tuple[Card, ...]:
    """The cards of an op that joins its inputs along an axis of the output."""

    def outer(attrs: Any, io: Io) -> int:
        return prod(io.outputs[0].shape[: axis_of(attrs, io)])

    def cost(attrs: Any, io: Io) -> int:
        """33 per run, 1 per byte."""
        return 20 + 33 * len(io.inputs) * outer(attrs, io) + io.outputs[0].n_bytes

    def emit(attrs: Any, io: Io) -> Fields:
        n = outer(attrs, io)
        run = int32([value.n_bytes // n for value in io.inputs])
        return {"n_inputs": len(io.inputs), "outer": n, "run": run}

    return (
        Card("alias", "", (one_input,), cost_alias, emit_alias, alias=True),
        Card(
            "iseul_concatenation",
            "iseul_concatenation_t",
            (),
            cost,
            emit,
            inputs=every_input,
            arrays="in",
        ),
    )


def cut_cards(axis_of: AxisOf) -> tuple[Card, ...]:
    """The cards of an op that cuts its input along an axis."""

    def outer(attrs: Any, io: Io) -> int:
        return prod(io.inputs[0].shape[: axis_of(attrs, io)])

    def cost(attrs: Any, io: Io) -> int:
        """33 per run, 1 per byte."""
        return 20 + 33 * len(io.outputs) * outer(attrs, io) + io.inputs[0].n_bytes

    def emit(attrs: Any, io: Io) -> Fields:
        n = outer(attrs, io)
        run = int32([value.n_bytes // n for value in io.outputs])
        return {"n_outputs": len(io.outputs), "outer": n, "run": run}

    return (
        Card("alias", "", (one_output,), cost_alias, emit_alias, alias=True),
        Card("iseul_split", "iseul_split_t", (), cost, emit, arrays="out"),
    )
