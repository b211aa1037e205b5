# SPDX-License-Identifier: Apache-2.0
"""Kernels of resize_nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._moving import pick_card
from iseul.compile.kernels._walk import strides
from iseul.graph.ops.resize_nearest import places

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.resize_nearest import Attrs
    from iseul.numerics import Array


def tables(attrs: Attrs, io: Io) -> list[Array]:
    """The input pixel of each row and column."""
    n, rows, columns, channels = io.inputs[0].shape
    steps = strides(io.inputs[0].shape)
    return [
        np.arange(n) * steps[0],
        places(attrs, 0, rows) * steps[1],
        places(attrs, 1, columns) * steps[2],
        np.arange(channels),
    ]


CARDS = (pick_card(tables),)
