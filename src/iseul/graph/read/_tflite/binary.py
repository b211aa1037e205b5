# SPDX-License-Identifier: Apache-2.0
"""Operations on two values with broadcasting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _add(op: Operation) -> list[Node]:
    activation = op.activation(schema.AddOptions.ACTIVATION)
    return [op.node("add", [op.input(0), op.input(1)], activation=activation)]


CONVERTERS: dict[str, Entry] = {
    "ADD": Entry(_add, 2, schema.AddOptions.UNION),
}
