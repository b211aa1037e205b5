# SPDX-License-Identifier: Apache-2.0
"""Kernels of mirror_pad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from iseul.compile.kernels._moving import pick_card
from iseul.compile.kernels._walk import strides
from iseul.graph.ops.mirror_pad import indices

if TYPE_CHECKING:
    from iseul.graph.ir import Io
    from iseul.graph.ops.mirror_pad import Attrs
    from iseul.numerics import Array


def tables(attrs: Attrs, io: Io) -> list[Array]:
    """The input element behind each output element, axis by axis."""
    x = io.inputs[0].shape
    steps = strides(x)
    return [indices(attrs, axis, n) * steps[axis] for axis, n in enumerate(x)]


CARDS = (pick_card(tables),)
