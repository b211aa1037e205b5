# SPDX-License-Identifier: Apache-2.0
"""Whether a bool is false, per element (TensorFlow Lite Micro: elementwise.cc, LOGICAL_NOT).

Inputs: x of any shape.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.graph.ops import _broadcast as broadcast
from iseul.graph.ops import _logical as logical
from iseul.graph.ops._shape import same_shape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io, Shape, Value
    from iseul.numerics import Array

BATCHED = True
Attrs = broadcast.Attrs
constraints = logical.constraints


def infer(attrs: Any, inputs: Sequence[Value]) -> tuple[Shape, ...]:
    """The input's shape. Raises ShapeError."""
    return same_shape(inputs)


def run(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning."""
    return [np.logical_not(inputs[0])]


def run_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning, on any numbers that stand for bools."""
    return [inputs[0] == 0]
