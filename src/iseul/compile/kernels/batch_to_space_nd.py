# SPDX-License-Identifier: Apache-2.0
"""Kernels of batch_to_space_nd."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from iseul.compile.kernels._moving import pick_card
from iseul.compile.kernels._walk import strides

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.batch_to_space_nd import Attrs
    from iseul.numerics import Array


def tables(attrs: Attrs, io: Io) -> list[Array]:
    """Place p along a spatial axis is element p // block of the sample of its block p % block."""
    x, out, m = io.inputs[0].shape, io.outputs[0].shape, len(attrs.block)
    steps = strides(x)
    found = [np.arange(out[0]) * steps[0]]
    for i, (b, (before, _)) in enumerate(zip(attrs.block, attrs.crops, strict=True)):
        place = np.arange(out[1 + i]) + before
        samples = out[0] * prod(attrs.block[i + 1 :])  # from one block index to the next
        found.append(place // b * steps[1 + i] + place % b * samples * steps[0])
    rest = zip(x[1 + m :], steps[1 + m :], strict=True)
    return found + [np.arange(n) * step for n, step in rest]


CARDS = (pick_card(tables),)
