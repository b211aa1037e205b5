# SPDX-License-Identifier: Apache-2.0
"""Softmax and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _softmax(op: Operation) -> list[Node]:
    beta = op.options.real(schema.SoftmaxOptions.BETA)
    if not (np.isfinite(beta) and beta > 0):
        raise DataError(f'{op.kind} "{op.name}" has beta {beta}, must be > 0')
    return [op.node("softmax", [op.input(0)], beta=beta)]


def _log_softmax(op: Operation) -> list[Node]:
    return [op.node("log_softmax", [op.input(0)])]


CONVERTERS: dict[str, Entry] = {
    "LOG_SOFTMAX": Entry(_log_softmax, 1),
    "SOFTMAX": Entry(_softmax, 1, schema.SoftmaxOptions.UNION),
}
