# SPDX-License-Identifier: Apache-2.0
"""What the logical ops share: bools to bools, with numpy's broadcasting.

TensorFlow Lite Micro: micro/kernels/logical_common.cc, logical.cc
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from iseul.graph.ops import _broadcast as broadcast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Io
    from iseul.numerics import Array


def conjunction(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning of "and"."""
    return [inputs[0] & inputs[1]]


def conjunction_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning of "and", on any numbers that stand for bools."""
    return [inputs[0].bool() & inputs[1].bool()]


def disjunction(attrs: Any, inputs: Sequence[Array], io: Io) -> list[Array]:
    """numpy meaning of "or"."""
    return [inputs[0] | inputs[1]]


def disjunction_torch(attrs: Any, inputs: Sequence[Any], io: Io) -> list[Any]:
    """torch meaning of "or", on any numbers that stand for bools."""
    return [inputs[0].bool() | inputs[1].bool()]


constraints = (broadcast.one_kind("bool"),)
