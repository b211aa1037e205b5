# SPDX-License-Identifier: Apache-2.0
"""Weights and bias of convolutions and matrix products, real or integer, and the node they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx._layout import Const, Tensor
from iseul.numerics.affine import Quantization

if TYPE_CHECKING:
    from iseul.graph.ir import DType
    from iseul.graph.read._onnx._translate import Call, Translator
    from iseul.numerics import Array


@dataclass(frozen=True, eq=False)
class Weights:
    """Constant weights, or a bias, on the way into the graph.

    scales:    one per output channel or one; empty for float32
    is_hybrid: integers that stay so, though everything around them is real
    """

    name: str
    data: Array
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int | None = None
    is_hybrid: bool = False

    def along(self, axis: int) -> Weights:
        """The same with its output channels on another axis."""
        return replace(self, axis=axis if len(self.scales) > 1 else None)

    @property
    def is_real(self) -> bool:
        """Whether they make a node on reals."""
        return self.is_hybrid or not self.scales

    def put(self, t: Translator, dtype: DType) -> str:
        """The constant of the graph."""
        if not self.scales:
            return t.constant(self.data.astype(np.float32), self.name)
        quant = Quantization(self.scales, self.zero_points, self.axis)
        return t.constant(self.data, self.name, dtype, quant)


def real_weights(c: Call, i: int, axis: int | None = None) -> Weights:
    """Weights of a node on reals.

    axis: of the output channels in the file; given where the node takes integers too, which are
          a quarter of the size
    """
    w = c.constant(i, "the weights")
    held = None if axis is None else _integers(w, axis)
    return Weights(w.name, w.data) if held is None else replace(held, is_hybrid=True)


def integer_weights(t: Translator, c: Call, i: int, axis: int) -> Weights | None:
    """int8 weights for an int8 input 0 and a wanted output; else None.

    axis: of the output channels in the file
    """
    x, w = c.operand(0), c.operand(i)
    if not isinstance(x, Tensor) or q.quant_of(t, x) is None or c.wanted is None:
        return None
    return _integers(w, axis) if isinstance(w, Const) else None


def _integers(w: Const, axis: int) -> Weights | None:
    """What was dequantized, as int8."""
    s = w.scaled
    if s is None or s.dtype not in ("int8", "uint8", "int4", "uint4"):
        return None
    if s.axis is not None and s.axis != axis % w.rank:
        return None
    shift = {"uint8": 128, "uint4": 8}.get(s.dtype, 0)
    data = (s.data.astype(np.int16) - shift).astype(np.int8)
    scales = tuple(float(scale) for scale in s.scale)
    zeros = tuple(int(zero) - shift for zero in s.zero_point)
    return Weights(w.name, data, scales, zeros, axis if len(scales) > 1 else None)


def bias_of(t: Translator, c: Call, i: int, w: Weights, x: Tensor) -> Weights | None:
    """The bias that goes with the weights: float32, or int32 of scale s_x * s_w.

    One that the file holds as float32, or under other scales, is rounded to these as ONNX
    Runtime does.
    """
    if not c.has(i):
        return None
    bias = c.constant(i, "the bias")
    if bias.rank != 1:
        raise DataError(f"corrupt: {c.node.where} has a bias of shape {bias.shape}")
    if w.is_real:
        return Weights(bias.name, bias.data)
    return integer_bias(t, bias, w, x)


def integer_bias(t: Translator, bias: Const, w: Weights, x: Tensor) -> Weights:
    """A bias as int32 for integer weights."""
    quant = q.quant_of(t, x)
    assert quant is not None, f"{x.value} does not stand for reals"
    scales = (np.float32(quant.scale[0]) * np.array(w.scales, np.float32)).astype(np.float32)
    s = bias.scaled
    held = s is not None and s.dtype == "int32" and not np.any(s.zero_point)
    if held and s is not None and np.allclose(s.scale, scales, rtol=1e-3, atol=0.0):
        data = s.data
    else:
        with np.errstate(all="ignore"):
            ratio = np.rint(bias.data.astype(np.float64) / scales)
        data = np.clip(np.nan_to_num(ratio), -(2**31), 2**31 - 1).astype(np.int32)
    zeros = (0,) * len(scales)
    axis = 0 if len(scales) > 1 else None
    return Weights(bias.name, data, tuple(float(scale) for scale in scales), zeros, axis)


def weighted(
    t: Translator, c: Call, op: str, x: str, w: Weights, bias: Weights | None, **attrs: Any
) -> str:
    """The node: float, or int8 in the wanted quantization with ONNX Runtime's rounding."""
    inputs = [x, w.put(t, "int8")]
    if bias is not None:
        inputs.append(bias.put(t, "int32"))
    if w.is_real:
        return t.node(op, inputs, c.name, **attrs)
    return t.node(op, inputs, c.name, quant=c.wanted, requantization="float", **attrs)
