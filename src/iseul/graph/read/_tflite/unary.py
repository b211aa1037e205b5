# SPDX-License-Identifier: Apache-2.0
"""Operations on each value alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _quantize(op: Operation) -> list[Node]:
    return [op.node("quantize", [op.input(0)])]


def _dequantize(op: Operation) -> list[Node]:
    return [op.node("dequantize", [op.input(0)])]


def _relu(op: Operation) -> list[Node]:
    return [op.node("relu", [op.input(0)])]


def _relu6(op: Operation) -> list[Node]:
    return [op.node("relu6", [op.input(0)])]


CONVERTERS: dict[str, Entry] = {
    "DEQUANTIZE": Entry(_dequantize, 1),
    "QUANTIZE": Entry(_quantize, 1),
    "RELU": Entry(_relu, 1),
    "RELU6": Entry(_relu6, 1),
}
