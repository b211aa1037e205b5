# SPDX-License-Identifier: Apache-2.0
"""Ops that give the same elements another shape or order: no node, or a reshape."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx._fold import reshape_to

if TYPE_CHECKING:
    from iseul.graph.read._onnx._layout import Tensor
    from iseul.graph.read._onnx._translate import Call, Operand, Translator


def reshape(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    wanted = c.integers(1, "the shape")
    keeps_zero = bool(c.attributes.integer("allowzero", 0))
    return t.reshaped(x, reshape_to(wanted, x.shape, keeps_zero))


def flatten(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    axis = c.attributes.integer("axis", 1)
    axis = x.rank if axis == x.rank else c.axis(axis, x.rank)
    return t.reshaped(x, (prod(x.shape[:axis]), prod(x.shape[axis:])))


def squeeze(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    axes = c.axes_argument(1, 13, x.rank)
    if axes is None:
        axes = tuple(axis for axis, size in enumerate(x.shape) if size == 1)
    if any(x.shape[axis] != 1 for axis in axes):
        raise DataError(f"corrupt: {c.node.where} squeezes axes {list(axes)} of {x.shape}")
    return t.reshaped(x, tuple(s for axis, s in enumerate(x.shape) if axis not in axes))


def unsqueeze(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    stated = c.integers(1, "axes") if c.has(1) else c.attributes.integers("axes") or ()
    axes = c.axes(stated, x.rank + len(stated))
    sizes = iter(x.shape)
    shape = tuple(1 if axis in axes else next(sizes) for axis in range(x.rank + len(axes)))
    return t.reshaped(x, shape)


def transpose(t: Translator, c: Call) -> Tensor:
    x = t.whole(t.tensor(c.operand(0)))
    perm = c.attributes.integers("perm") or tuple(range(x.rank))[::-1]
    if sorted(perm) != list(range(x.rank)):
        raise DataError(f"corrupt: {c.node.where} permutes {x.rank} axes by {list(perm)[:9]}")
    return layout.transposed(x, perm)


def identity(t: Translator, c: Call) -> Operand:
    return c.operand(0)


def dropout(t: Translator, c: Call) -> Operand:
    if c.number(2, "training_mode", 0):
        raise UnsupportedError("drops values at random", "export the model in evaluation mode")
    return c.operand(0)


CONVERTERS = {
    "Dropout": dropout,
    "Flatten": flatten,
    "Identity": identity,
    "Reshape": reshape,
    "Squeeze": squeeze,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
INTEGERS = dict(CONVERTERS)
