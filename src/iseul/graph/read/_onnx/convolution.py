# SPDX-License-Identifier: Apache-2.0
"""Conv of one or two spatial axes, with groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from iseul.core.errors import DataError
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
    return _conv(t, c, real_weights(c, 1))


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
        op, axis, data = "conv2d", 0, _dense(t, data, groups).transpose(0, 2, 3, 1)
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


def _dense(t: Translator, data: np.ndarray, groups: int) -> np.ndarray:
    """Weights (O, C / groups, kH, kW) over all C channels: those of other groups are 0."""
    if groups == 1:
        return data
    n_out, n_in = data.shape[0] // groups, data.shape[1]
    t.spend(data.nbytes * groups)
    whole = np.zeros((data.shape[0], n_in * groups, *data.shape[2:]), data.dtype)
    for i in range(groups):
        rows = slice(i * n_out, (i + 1) * n_out)
        whole[rows, i * n_in : (i + 1) * n_in] = data[rows]
    return whole


CONVERTERS = {"Conv": conv}
INTEGERS = {"Conv": conv_of_integers}
