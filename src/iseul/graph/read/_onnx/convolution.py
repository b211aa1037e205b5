# SPDX-License-Identifier: Apache-2.0
"""Conv and ConvTranspose of one or two spatial axes, with groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _window as windows
from iseul.graph.read._onnx._weights import (
    Weights,
    bias_of,
    integer_weights,
    real_weights,
    weighted,
)

if TYPE_CHECKING:
    from iseul.graph.read._onnx._layout import Tensor
    from iseul.graph.read._onnx._translate import Call, Translator


def conv(t: Translator, c: Call) -> Tensor:
    return _conv(t, c, real_weights(c, 1, axis=0))


def conv_of_integers(t: Translator, c: Call) -> Tensor | None:
    w = integer_weights(t, c, 1, axis=0)
    return None if w is None else _conv(t, c, w)


def _conv(t: Translator, c: Call, w: Weights) -> Tensor:
    x = t.tensor(c.operand(0))
    data, groups = w.data, c.attributes.integer("group", 1)
    kernel = c.attributes.integers("kernel_shape") or data.shape[2:]
    if data.ndim != x.rank or tuple(kernel) != data.shape[2:] or groups < 1:
        raise DataError(f"corrupt: {c.node.where} has weights {data.shape} for {x.shape}")
    if x.shape[1] != data.shape[1] * groups or data.shape[0] % groups:
        raise DataError(
            f"corrupt: {c.node.where} has weights {data.shape} and {groups} groups for {x.shape}"
        )
    g = windows.window(c, x, tuple(kernel))
    if data.ndim == 3:
        data = data[:, :, None]
    if groups > 1 and data.shape[1] == 1:
        op, axis, data = "depthwise_conv2d", 3, data.transpose(1, 2, 3, 0)
    else:
        op, axis, data = "conv2d", 0, data.transpose(0, 2, 3, 1)
    value = weighted(
        t,
        c,
        op,
        windows.nhwc(t, x),
        replace(w, data=np.ascontiguousarray(data)).along(axis),
        bias_of(t, c, 2, w, x),
        stride=g.stride,
        dilation=g.dilation,
        pads=g.pads,
    )
    return windows.from_nhwc(t, x, value, c.name)


def conv_transpose(t: Translator, c: Call) -> Tensor:
    """Weights are (C, O / groups, kH, kW); what is cut off is what pads say."""
    x, w = t.tensor(c.operand(0)), real_weights(c, 1)
    data, groups = w.data, c.attributes.integer("group", 1)
    kernel = c.attributes.integers("kernel_shape") or data.shape[2:]
    n = x.rank - 2
    if n not in (1, 2):
        raise UnsupportedError(f"reads {x.shape}", "one or two spatial axes")
    if data.ndim != x.rank or tuple(kernel) != data.shape[2:]:
        raise DataError(f"corrupt: {c.node.where} has weights {data.shape} for {x.shape}")
    if groups < 1 or data.shape[0] != x.shape[1] or data.shape[0] % groups:
        raise DataError(f"corrupt: {c.node.where} has {groups} groups of {x.shape}")
    cut, size, stride, dilation = _spread(c, x, tuple(kernel))
    if n == 1:
        data = data[:, :, None]
        cut, size, stride, dilation = (0, *cut), (1, *size), (1, *stride), (1, *dilation)
    per_group = data.shape[0] // groups
    # (C, O / G, kH, kW) -> (O, kH, kW, C / G)
    parts = [data[i * per_group : (i + 1) * per_group] for i in range(groups)]
    turned = np.concatenate([part.transpose(1, 2, 3, 0) for part in parts])
    value = weighted(
        t,
        c,
        "transpose_conv",
        windows.nhwc(t, x),
        replace(w, data=np.ascontiguousarray(turned)),
        bias_of(t, c, 2, w, x),
        size=size,
        stride=stride,
        dilation=dilation,
        cut=cut,
    )
    return windows.from_nhwc(t, x, value, c.name)


def _spread(
    c: Call, x: Tensor, kernel: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """(cut at the beginning, output size, stride, dilation) of each spatial axis."""
    n = len(kernel)
    stride, dilation = windows.sizes(c, "strides", n), windows.sizes(c, "dilations", n)
    more = c.attributes.integers("output_padding") or (0,) * n
    stated = c.attributes.integers("output_shape")
    auto = c.attributes.text("auto_pad", "NOTSET")
    pads = c.attributes.integers("pads") or (0,) * (2 * n)
    if len(pads) != 2 * n or len(more) != n or (stated is not None and len(stated) < n):
        raise DataError(f"corrupt: {c.node.where} has pads {list(pads)[:9]}")
    cut, size = [], []
    for i in range(n):
        reach = (x.shape[2 + i] - 1) * stride[i] + more[i] + (kernel[i] - 1) * dilation[i] + 1
        if stated is not None or auto in ("SAME_UPPER", "SAME_LOWER"):
            out = stated[len(stated) - n + i] if stated is not None else x.shape[2 + i] * stride[i]
            total = max(0, reach - out)
            before = total // 2 if auto == "SAME_UPPER" else total - total // 2
        else:
            before = pads[i] if auto in ("", "NOTSET") else 0
            out = reach - before - (pads[n + i] if auto in ("", "NOTSET") else 0)
        if before < 0 or out < 1:
            raise UnsupportedError(f"has pads {list(pads)}", "pads >= 0 that leave something")
        cut.append(before)
        size.append(out)
    return tuple(cut), tuple(size), stride, dilation


CONVERTERS = {"Conv": conv, "ConvTranspose": conv_transpose}
INTEGERS = {"Conv": conv_of_integers}
