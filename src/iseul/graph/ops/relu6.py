# SPDX-License-Identifier: Apache-2.0
"""ReLU6: min(max(x, 0), 6) of each element.

int8:   requantize to the output's quantization and clamp; see `_clamping`
Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.core.config import Config
from iseul.graph.ops import _clamping as clamping
from iseul.graph.ops._shape import same_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
constraints = clamping.constraints


class Attrs(Config):
    pass


def infer(attrs: Attrs, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Attrs, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning; see the file's header."""
    return [clamping.run(inputs[0], io, "relu6")]


def run_torch(attrs: Attrs, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning: float differentiable, or exact on int64 tensors."""
    return [clamping.run_torch(inputs[0], io, "relu6")]
