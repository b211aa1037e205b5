# SPDX-License-Identifier: Apache-2.0
"""Operations on each value alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError
from iseul.graph.read._tflite._operation import Entry
from iseul.numerics.affine import dequantize

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


class LeakyReluOptions:
    UNION = 75
    ALPHA = 0


class GeluOptions:
    UNION = 116
    APPROXIMATE = 0


def _plain(kind: str) -> Callable[[Operation], list[Node]]:
    """Of an op that has no options in TFLite, or none that the output does not tell."""

    def convert(op: Operation) -> list[Node]:
        return [op.node(kind, [op.input(0)])]

    return convert


def _relu6(op: Operation) -> list[Node]:
    # TFLite Micro clamps in the input's quantization, whatever that of the output is
    return op.moved("relu6", op.input(0))


def _dequantize(op: Operation) -> list[Node]:
    """A constant is real at once; ops with weights may still take it as it is stored."""
    x = op.input(0)
    if x.data is None:
        return [op.node("dequantize", [x])]
    if x.is_float:  # stored in 16 bits
        return op.settle(x.data)
    if x.quant is None:
        raise DataError(f'{op.kind} "{op.name}": constant "{x.name}" has no quantization')
    op.file.stored[op.outputs[0].name] = x
    return op.settle(dequantize(x.data, x.quant))


def _leaky_relu(op: Operation) -> list[Node]:
    alpha = op.options.real(LeakyReluOptions.ALPHA)
    if not np.isfinite(alpha):
        raise DataError(f'{op.kind} "{op.name}" has alpha {alpha}, must be a finite number')
    return [op.node("leaky_relu", [op.input(0)], alpha=alpha)]


def _gelu(op: Operation) -> list[Node]:
    approximate = "tanh" if op.options.flag(GeluOptions.APPROXIMATE) else "none"
    return [op.node("gelu", [op.input(0)], approximate=approximate)]


CONVERTERS: dict[str, Entry] = {
    **{
        name: Entry(_plain(kind), 1)
        for name, kind in {
            "ABS": "abs",
            "CAST": "cast",
            "CEIL": "ceil",
            "COS": "cos",
            "ELU": "elu",
            "EXP": "exp",
            "FLOOR": "floor",
            "HARD_SWISH": "hard_swish",
            "LOG": "log",
            "LOGISTIC": "logistic",
            "NEG": "neg",
            "QUANTIZE": "quantize",
            "RELU": "relu",
            "RELU_0_TO_1": "relu_0_to_1",
            "RELU_N1_TO_1": "relu_n1_to_1",
            "ROUND": "round",
            "RSQRT": "rsqrt",
            "SIGN": "sign",
            "SIN": "sin",
            "SQRT": "sqrt",
            "SQUARE": "square",
            "TANH": "tanh",
        }.items()
    },
    "DEQUANTIZE": Entry(_dequantize, 1),
    "GELU": Entry(_gelu, 1, GeluOptions.UNION),
    "LEAKY_RELU": Entry(_leaky_relu, 1, LeakyReluOptions.UNION),
    "RELU6": Entry(_relu6, 1),
}
