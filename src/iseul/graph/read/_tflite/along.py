# SPDX-License-Identifier: Apache-2.0
"""Operations along one axis, which must be constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.core.errors import DataError
from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


class CumsumOptions:
    UNION = 102
    EXCLUSIVE = 0
    REVERSE = 1


def _arg(kind: str) -> Callable[[Operation], list[Node]]:
    def convert(op: Operation) -> list[Node]:
        return [op.node(kind, [op.input(0)], axis=_axis(op))]

    return convert


def _cumsum(op: Operation) -> list[Node]:
    exclusive = op.options.flag(CumsumOptions.EXCLUSIVE)
    reverse = op.options.flag(CumsumOptions.REVERSE)
    x = op.input(0)
    return [op.node("cumsum", [x], axis=_axis(op), exclusive=exclusive, reverse=reverse)]


def _axis(op: Operation) -> int:
    """The one number that the second input holds."""
    rank, table = len(op.input(0).shape), op.constant(1)
    axis = int(table.ravel()[0]) if table.size == 1 and table.dtype.kind == "i" else rank
    if not -rank <= axis < rank:
        raise DataError(f'{op.kind} "{op.name}": axis {table.tolist()} of {rank} axes')
    return axis


CONVERTERS: dict[str, Entry] = {
    "ARG_MAX": Entry(_arg("arg_max"), 2),
    "ARG_MIN": Entry(_arg("arg_min"), 2),
    "CUMSUM": Entry(_cumsum, 2, CumsumOptions.UNION),
}
