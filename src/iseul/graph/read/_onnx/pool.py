# SPDX-License-Identifier: Apache-2.0
"""MaxPool, AveragePool and their global forms, over one or two axes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx import _window as windows

if TYPE_CHECKING:
    from iseul.graph.read._onnx._layout import Tensor
    from iseul.graph.read._onnx._translate import Call, Translator
    from iseul.graph.read._onnx._window import Window


def max_pool(t: Translator, c: Call) -> Tensor:
    x, g = _window(t, c)
    return _pool(t, c, "max_pool2d", x, g)


def average_pool(t: Translator, c: Call, **attrs: Any) -> Tensor:
    x, g = _window(t, c)
    if c.attributes.integer("count_include_pad", 0) and any(g.pads):
        if not any(g.extra):
            return _pool(t, c, "average_pool2d", x, g, count_include_pad=True, **attrs)
        # what ceil_mode adds does not count: pad first, then average without padding
        top, bottom, left, right = g.pads
        value = t.node(
            "pad",
            [windows.nhwc(t, x)],
            f"{c.name}.pad",
            pads=((0, 0), (top, bottom), (left, right), (0, 0)),
        )
        x = windows.from_nhwc(t, x, value, c.name)
        g = replace(g, pads=(0, 0, 0, 0))
    return _pool(t, c, "average_pool2d", x, g, **attrs)


def average_pool_of_integers(t: Translator, c: Call) -> Tensor | None:
    x = t.tensor(c.operand(0))
    if c.wanted is None or q.quant_of(t, x) is None:
        return None
    x, g = _window(t, c)
    if g.kernel == _whole(x).kernel and not any((*g.pads, *g.extra)):
        return _mean_of_integers(t, c, x)  # so does ONNX Runtime
    return average_pool(
        t, c, quant=c.wanted, requantization="float", offset=128 if x.unsigned else 0
    )


def global_max_pool(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    return _pool(t, c, "max_pool2d", x, _whole(x))


def global_average_pool(t: Translator, c: Call) -> Tensor:
    x = t.tensor(c.operand(0))
    return _pool(t, c, "average_pool2d", x, _whole(x))


def global_average_pool_of_integers(t: Translator, c: Call) -> Tensor | None:
    x = t.tensor(c.operand(0))
    if c.wanted is None or q.quant_of(t, x) is None:
        return None
    return _mean_of_integers(t, c, x)


def _mean_of_integers(t: Translator, c: Call, x: Tensor) -> Tensor:
    """An average over all positions, kept as axes of size 1."""
    value = t.node(
        "mean",
        [windows.nhwc(t, x)],
        c.name,
        quant=c.wanted,
        axes=(1, 2),
        keep_dims=True,
        requantization="float",
    )
    return windows.from_nhwc(t, x, value, c.name)


def _window(t: Translator, c: Call) -> tuple[Tensor, Window]:
    x = t.tensor(c.operand(0))
    kernel = c.attributes.integers("kernel_shape")
    if not kernel or any(size < 1 for size in kernel):
        raise DataError(f"corrupt: {c.node.where} has a kernel of {kernel}")
    g = windows.window(c, x, kernel)
    if g.dilation != (1, 1):
        raise UnsupportedError(f"has dilations {g.dilation}, must be 1", "dilations = 1")
    return x, g


def _whole(x: Tensor) -> Window:
    """A window over all positions."""
    if x.rank not in (3, 4):
        raise UnsupportedError(f"pools an input of rank {x.rank}", "one or two spatial axes")
    kernel = (1, x.shape[2]) if x.rank == 3 else (x.shape[2], x.shape[3])
    return windows.Window(x.rank - 2, kernel, kernel, (1, 1), (0, 0, 0, 0))


def _pool(t: Translator, c: Call, op: str, x: Tensor, g: Window, **attrs: Any) -> Tensor:
    top, bottom, left, right = g.pads
    value = t.node(
        op,
        [windows.nhwc(t, x)],
        c.name,
        kernel_size=g.kernel,
        stride=g.stride,
        pads=(top, bottom + g.extra[0], left, right + g.extra[1]),
        **attrs,
    )
    return windows.from_nhwc(t, x, value, c.name)


CONVERTERS = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
}
INTEGERS = {
    "AveragePool": average_pool_of_integers,
    "GlobalAveragePool": global_average_pool_of_integers,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
}
