# SPDX-License-Identifier: Apache-2.0
"""Normalizations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read import _tflite_schema as schema
from iseul.graph.read._tflite._operation import Entry

if TYPE_CHECKING:
    from iseul.graph.ir import Node
    from iseul.graph.read._tflite._operation import Operation


def _l2_normalization(op: Operation) -> list[Node]:
    activation = op.activation(schema.L2NormOptions.ACTIVATION)
    if activation != "none":  # the reference has none either
        raise UnsupportedError(
            f"fused activation is {activation}, but must be none",
            "make the activation an op of its own",
        )
    return [op.node("l2_normalization", [op.input(0)])]


def _local_response_normalization(op: Operation) -> list[Node]:
    fields = schema.LocalResponseNormalizationOptions
    radius = op.options.integer(fields.RADIUS, "i4")
    if radius < 0:
        raise DataError(f'{op.kind} "{op.name}" has radius {radius}, must be >= 0')
    numbers: dict[str, Any] = {
        "alpha": op.options.real(fields.ALPHA),
        "beta": op.options.real(fields.BETA),
        "bias": op.options.real(fields.BIAS),
    }
    return [op.node("local_response_norm", [op.input(0)], size=2 * radius + 1, **numbers)]


CONVERTERS: dict[str, Entry] = {
    "L2_NORMALIZATION": Entry(_l2_normalization, 1, schema.L2NormOptions.UNION),
    "LOCAL_RESPONSE_NORMALIZATION": Entry(
        _local_response_normalization, 1, schema.LocalResponseNormalizationOptions.UNION
    ),
}
