# SPDX-License-Identifier: Apache-2.0
"""SAME and VALID as explicit pads, for everything that slides a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.core.errors import DataError
from iseul.graph.ops._spatial import same_pads
from iseul.graph.read import _tflite_schema as schema

if TYPE_CHECKING:
    from iseul.graph.ir import Shape
    from iseul.graph.ops._spatial import Pads, Pair
    from iseul.graph.read._tflite._operation import Operation


def window_pads(op: Operation, number: int, x: Shape, reach: tuple[Pair, Pair, Pair]) -> Pads:
    """SAME or VALID as explicit pads; reach: kernel, stride, dilation."""
    if len(x) != 4:
        raise DataError(f'{op.kind} "{op.name}": input has shape {list(x)}, must have 4 axes')
    if op.options.integer(number, "i1") != schema.PADDING_SAME:
        return (0, 0, 0, 0)
    return same_pads((x[1], x[2]), *reach)
