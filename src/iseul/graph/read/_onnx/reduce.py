# SPDX-License-Identifier: Apache-2.0
"""Reductions over axes, ArgMax and ArgMin, CumSum."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iseul.core.errors import UnsupportedError
from iseul.graph.read._onnx import _quantization as q

if TYPE_CHECKING:
    from iseul.graph.read._onnx._layout import Layout, Tensor
    from iseul.graph.read._onnx._translate import Call, Converter, Operand, Translator


def _axes(c: Call, rank: int) -> tuple[int, ...] | None:
    """The reduced axes; None for no reduction at all."""
    since = 13 if c.node.op == "ReduceSum" else 18
    axes = c.axes_argument(1, since, rank)
    if axes:
        return axes
    return None if c.attributes.integer("noop_with_empty_axes", 0) else tuple(range(rank))


def reduced(t: Translator, c: Call, op: str, x: Tensor, name: str, **attrs: Any) -> Tensor:
    """x reduced over the node's axes."""
    axes = _axes(c, x.rank)
    if axes is None:
        return x
    keep = bool(c.attributes.integer("keepdims", 1))
    stored = tuple(x.position(axis) for axis in axes)
    value = t.node(op, [x.value], name, axes=stored, keep_dims=keep, **attrs)
    return without(x, axes, keep, value)


def without(x: Tensor, axes: tuple[int, ...], keep: bool, value: str) -> Tensor:
    """The tensor of a result whose axes are of size 1, or gone."""
    if keep:
        shape = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
        return replace(x, value=value, shape=shape)
    shape = tuple(n for axis, n in enumerate(x.shape) if axis not in axes)
    return replace(x, value=value, shape=shape, layout=_renumbered(x.layout, axes))


def _renumbered(order: Layout, gone: tuple[int, ...]) -> Layout:
    left = [axis for axis in order if axis not in gone]
    return tuple(sorted(left).index(axis) for axis in left)


def _input(t: Translator, c: Call) -> Tensor:
    return t.whole(t.tensor(c.operand(0)))


def plain(op: str) -> Converter:
    """ReduceMean, ReduceSum, ReduceMax, ReduceMin, ReduceProd."""

    def convert(t: Translator, c: Call) -> Tensor:
        return reduced(t, c, op, _input(t, c), c.name)

    return convert


def mean_of_integers(t: Translator, c: Call) -> Tensor | None:
    """The integers are summed, so that rounding differs from a float sum's near halves only."""
    x = _input(t, c)
    if c.wanted is None or q.quant_of(t, x) is None:
        return None
    return reduced(t, c, "mean", x, c.name, quant=c.wanted, requantization="float")


def l1(t: Translator, c: Call) -> Tensor:
    x = t.floats(_input(t, c))
    inner = replace(x, value=t.node("abs", [x.value], f"{c.name}.abs"))
    return reduced(t, c, "sum", inner, c.name)


def sum_square(t: Translator, c: Call) -> Tensor:
    return _sum_of_squares(t, c, c.name)


def l2(t: Translator, c: Call) -> Tensor:
    total = _sum_of_squares(t, c, f"{c.name}.sum")
    return replace(total, value=t.node("sqrt", [total.value], c.name))


def _sum_of_squares(t: Translator, c: Call, name: str) -> Tensor:
    x = t.floats(_input(t, c))
    inner = replace(x, value=t.node("square", [x.value], f"{c.name}.square"))
    return reduced(t, c, "sum", inner, name)


def log_sum(t: Translator, c: Call) -> Tensor:
    total = reduced(t, c, "sum", t.floats(_input(t, c)), f"{c.name}.sum")
    return replace(total, value=t.node("log", [total.value], c.name))


def log_sum_exp(t: Translator, c: Call) -> Tensor:
    x = t.floats(_input(t, c))
    inner = replace(x, value=t.node("exp", [x.value], f"{c.name}.exp"))
    total = reduced(t, c, "sum", inner, f"{c.name}.sum")
    return replace(total, value=t.node("log", [total.value], c.name))


def argument(op: str) -> Converter:
    """ArgMax, ArgMin: the first of equals."""

    def convert(t: Translator, c: Call) -> Tensor:
        x = _input(t, c)
        if c.attributes.integer("select_last_index", 0):
            raise UnsupportedError("takes the last of equals", "select_last_index = 0")
        axis = c.axis(c.attributes.integer("axis", 0), x.rank)
        value = t.node(op, [x.value], c.name, dtype="int64", axis=x.position(axis))
        found = replace(without(x, (axis,), False, value), role="plain", unsigned=False)
        if not c.attributes.integer("keepdims", 1):
            return found
        return t.reshaped(found, tuple(1 if i == axis else n for i, n in enumerate(x.shape)))

    return convert


def cumulate(t: Translator, c: Call) -> Operand:
    x = _input(t, c)
    axis = c.axis(int(c.number(1, "the axis", 0)), x.rank)
    value = t.node(
        "cumsum",
        [x.value],
        c.name,
        axis=x.position(axis),
        exclusive=bool(c.attributes.integer("exclusive", 0)),
        reverse=bool(c.attributes.integer("reverse", 0)),
    )
    return replace(x, value=value)


CONVERTERS: dict[str, Any] = {
    "ArgMax": argument("arg_max"),
    "ArgMin": argument("arg_min"),
    "CumSum": cumulate,
    "ReduceL1": l1,
    "ReduceL2": l2,
    "ReduceLogSum": log_sum,
    "ReduceLogSumExp": log_sum_exp,
    "ReduceMax": plain("reduce_max"),
    "ReduceMean": plain("mean"),
    "ReduceMin": plain("reduce_min"),
    "ReduceProd": plain("reduce_prod"),
    "ReduceSum": plain("sum"),
    "ReduceSumSquare": sum_square,
}
INTEGERS: dict[str, Any] = {
    "ArgMax": CONVERTERS["ArgMax"],
    "ArgMin": CONVERTERS["ArgMin"],
    "ReduceMax": CONVERTERS["ReduceMax"],
    "ReduceMean": mean_of_integers,
    "ReduceMin": CONVERTERS["ReduceMin"],
}
