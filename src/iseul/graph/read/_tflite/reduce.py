# SPDX-License-Identifier: Apache-2.0
"""Operations that reduce axes to one value each; the axes must be constant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.core.errors import DataError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry
from iseul.graph.read._tflite_file import MAX_RANK

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _reduce(kind: str) -> Callable[[Operation], list[Node]]:
    def convert(op: Operation) -> list[Node]:
        x, table = op.input(0), op.constant(1)
        axes = tuple(int(axis) for axis in table.ravel()[: MAX_RANK + 1])
        rank = len(x.shape)
        valid = table.dtype.kind == "i" and len(axes) <= MAX_RANK
        if not valid or any(not -rank <= axis < rank for axis in axes):
            raise DataError(f'{op.kind} "{op.name}": axes {list(axes)} do not fit {x.shape}')
        keep = op.options.flag(schema.ReducerOptions.KEEP_DIMS)
        return [op.node(kind, [x], axes=axes, keep_dims=keep)]

    return convert


CONVERTERS: dict[str, Entry] = {
    name: Entry(_reduce(kind), 2, schema.ReducerOptions.UNION)
    for name, kind in {
        "MEAN": "mean",
        "REDUCE_ALL": "reduce_all",
        "REDUCE_ANY": "reduce_any",
        "REDUCE_MAX": "reduce_max",
        "REDUCE_MIN": "reduce_min",
        "REDUCE_PROD": "reduce_prod",
        "SUM": "sum",
    }.items()
}
