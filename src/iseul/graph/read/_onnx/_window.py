# SPDX-License-Identifier: Apache-2.0
"""What sliding windows share: attributes of one or two spatial axes as two, explicit pads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _layout as layout

if TYPE_CHECKING:
    from iseul.graph.ir import Shape
    from iseul.graph.read._onnx._layout import Tensor
    from iseul.graph.read._onnx._translate import Call, Translator

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """A window over (H, W); one spatial axis is W, with an H of 1.

    pads: top, bottom, left, right
    extra: positions that ceil_mode adds beyond the pads, (bottom, right)
    """

    n_spatial: int
    kernel: Pair
    stride: Pair
    dilation: Pair
    pads: tuple[int, int, int, int]
    extra: Pair = (0, 0)


def window(c: Call, x: Tensor, kernel: tuple[int, ...]) -> Window:
    """The window that a node's attributes describe, over the spatial axes of x (NCHW)."""
    n = x.rank - 2
    if n not in (1, 2) or len(kernel) != n:
        raise UnsupportedError(
            f"has an input of rank {x.rank} and a kernel of {len(kernel)} axes",
            "windows over one or two axes",
        )
    stride = sizes(c, "strides", n)
    dilation = sizes(c, "dilations", n)
    size = x.shape[2:]
    pads = _pads(c, size, kernel, stride, dilation)
    if any(pad < 0 for pad in pads):
        raise UnsupportedError(f"has pads {list(pads)}, must be at least 0", "pads >= 0")
    extra = [0] * n
    if c.attributes.integer("ceil_mode", 0):
        for i in range(n):
            reach = (kernel[i] - 1) * dilation[i] + 1
            before, after = pads[i], pads[n + i]
            left = size[i] + before + after - reach
            out = -(-left // stride[i]) + 1
            # a window that would start behind the input and its first pads is left out
            out -= (out - 1) * stride[i] >= size[i] + before
            extra[i] = max(0, (out - 1) * stride[i] + reach - size[i] - before - after)
    if n == 1:
        return Window(
            1,
            (1, kernel[0]),
            (1, stride[0]),
            (1, dilation[0]),
            (0, 0, pads[0], pads[1]),
            (0, extra[0]),
        )
    return Window(
        2,
        (kernel[0], kernel[1]),
        (stride[0], stride[1]),
        (dilation[0], dilation[1]),
        (pads[0], pads[2], pads[1], pads[3]),
        (extra[0], extra[1]),
    )


def sizes(c: Call, name: str, n: int) -> tuple[int, ...]:
    """An attribute of one size per spatial axis, 1 by default."""
    found = c.attributes.integers(name) or (1,) * n
    if len(found) != n or any(size < 1 for size in found):
        raise DataError(f"corrupt: {c.node.where} has {name} {list(found)[:9]}")
    return found


def _pads(c: Call, image: Shape, kernel: Shape, stride: Shape, dilation: Shape) -> tuple[int, ...]:
    """All that comes before, then all that comes after."""
    n = len(kernel)
    auto = c.attributes.text("auto_pad", "NOTSET")
    if auto in ("", "NOTSET"):
        pads = c.attributes.integers("pads") or (0,) * (2 * n)
        if len(pads) != 2 * n:
            raise DataError(f"corrupt: {c.node.where} has pads {list(pads)[:9]}")
        return pads
    if auto == "VALID":
        return (0,) * (2 * n)
    if auto not in ("SAME_UPPER", "SAME_LOWER"):
        raise DataError(f"corrupt: {c.node.where} has auto_pad {auto[:20]!r}")
    totals = [
        max(0, (-(-size // s) - 1) * s + (k - 1) * d + 1 - size)
        for size, k, s, d in zip(image, kernel, stride, dilation, strict=True)
    ]
    small, large = [total // 2 for total in totals], [total - total // 2 for total in totals]
    return tuple(small + large if auto == "SAME_UPPER" else large + small)


def nhwc(t: Translator, x: Tensor) -> str:
    """The graph value of x (N, C, [H,] W) as (N, H, W, C)."""
    value = t.stored(x, layout.channels_last(x.rank))
    if x.rank == 4:
        return value
    n, c, w = x.shape
    return t.reshape_value(value, (n, 1, w, c))


def from_nhwc(t: Translator, x: Tensor, value: str, name: str) -> Tensor:
    """The file's tensor of a result (N, H, W, C); x says of which rank and role."""
    shape = t.value(value).shape
    n, h, w, channels = shape
    order = layout.channels_last(x.rank)
    if x.rank == 4:
        return replace(x, value=value, shape=(n, channels, h, w), layout=order, base=None)
    value = t.reshape_value(value, (n, w, channels))
    return replace(x, value=value, shape=(n, channels, w), layout=order, base=None)
