# SPDX-License-Identifier: Apache-2.0
"""Operators on integers with their scales: QLinearConv, QLinearMatMul, com.microsoft's others.

Each is what DequantizeLinear, the real op and QuantizeLinear make together, and becomes the
integer op that these would become (`INTEGERS` of the group of the real op).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx._file import MICROSOFT
from iseul.graph.read._onnx._layout import Const, Scaled, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.read._onnx._translate import Call, Converter, Operand, Translator


@dataclass(frozen=True)
class Places:
    """Where the operands of an op stand among its inputs.

    op:     the real op
    scaled: positions of (integers, scale, zero point) of each operand, in the real op's order
    out:    position of the output's scale; its zero point follows
    bias:   position of an int32 bias, or -1
    """

    op: str
    scaled: tuple[int, ...]
    out: int
    bias: int = -1


def _real(t: Translator, c: Call, i: int, axis: int | None) -> Operand:
    """Operand i with the scale behind it, as what a DequantizeLinear would make of it."""
    x = c.operand(i)
    scale = c.constant(i + 1, "a scale").data.astype(np.float32)
    zero = c.constant(i + 2, "a zero point").data if c.has(i + 2) else np.zeros(scale.shape)
    zeros = np.broadcast_to(zero.astype(np.int64).reshape(-1), scale.reshape(-1).shape)
    if isinstance(x, Const):
        along = axis if scale.size > 1 else None
        if along is not None and (along >= x.rank or x.shape[along] != scale.size):
            raise DataError(f"corrupt: {c.node.where} has {scale.size} scales for {x.shape}")
        turn = [-1 if k == along else 1 for k in range(x.rank)]
        data = (x.data.astype(np.int64) - zeros.reshape(turn)).astype(np.float32)
        held = Scaled(x.data, x.dtype, scale.reshape(-1), zeros, along)
        return Const(x.name, data * scale.reshape(turn), "float32", held)
    if scale.size != 1:
        raise UnsupportedError(f"has {scale.size} scales on a computed value", "one scale")
    dtype = "uint8" if x.unsigned else "int8"
    quant = q.quantization(scale, int(zeros[0]), dtype)
    if x.role != "integer" or t.value(x.value).quant is None:
        raise UnsupportedError("reads integers that no QuantizeLinear has made", "format QDQ")
    if t.value(x.value).quant != quant:
        x = q.relabelled(t, replace(x, role="real"), quant, c.name)
    return replace(x, role="real")


def _bias(t: Translator, c: Call, i: int, x: Operand, w: Operand) -> Const:
    """An int32 bias under the scales of its operands."""
    bias = c.constant(i, "the bias")
    s_x = 1.0
    if isinstance(x, Tensor):
        quant = t.value(x.value).quant
        s_x = quant.scale[0] if quant is not None else 1.0
    s_w = w.scaled.scale if isinstance(w, Const) and w.scaled is not None else np.ones(1)
    scale = (np.float32(s_x) * s_w.astype(np.float32)).astype(np.float32)
    held = Scaled(bias.data, bias.dtype, scale, np.zeros(scale.shape, np.int64), None)
    return Const(bias.name, bias.data.astype(np.float32) * scale, "float32", held)


def linear(places: Places) -> Converter:
    """The converter of a QLinear op."""

    def convert(t: Translator, c: Call) -> Any:
        operands = [_real(t, c, i, _channel(places.op, k)) for k, i in enumerate(places.scaled)]
        if places.bias >= 0 and c.has(places.bias):
            operands.append(_bias(t, c, places.bias, operands[0], operands[1]))
        return _as_real_op(t, c, places.op, operands, places.out)

    return convert


def _channel(op: str, k: int) -> int | None:
    """The axis of weights along which they have several scales."""
    return {"Conv": 0, "MatMul": 1, "Gemm": 1}.get(op) if k == 1 else None


def _as_real_op(t: Translator, c: Call, op: str, operands: Sequence[Operand], out: int) -> Tensor:
    """The real op on these operands, as integers if it can be, else in floats between."""
    from iseul.graph.read._onnx import converters, integer_converters

    scale = c.constant(out, "the output's scale").data
    zero = c.constant(out + 1, "the output's zero point") if c.has(out + 1) else None
    dtype = "uint8" if zero is None else zero.dtype
    if scale.size != 1 or dtype not in ("int8", "uint8"):
        raise UnsupportedError(
            f"makes {dtype} with {scale.size} scales", "int8 or uint8, one scale"
        )
    if c.attributes.integer("channels_last", 0):
        raise UnsupportedError("reads NHWC (channels_last)", "a model in NCHW")
    number = 0 if zero is None else int(zero.data.reshape(-1)[0])
    wanted = q.quantization(scale, number, dtype)
    opset = c.attributes.integer("opset", c.opset)  # of QLinearSoftmax
    call = replace(c, inputs=tuple(operands), wanted=wanted, opset=opset)
    entry = integer_converters().get(op)
    made = entry(t, call) if entry is not None else None
    if made is None:
        reals = tuple(t.real(x) if isinstance(x, Tensor) else x for x in operands)
        made = converters()[op](t, replace(call, inputs=reals))
    y = made if isinstance(made, Tensor) else t.tensor(made)
    if y.role == "real":
        y = q.requantized(t, y, wanted, c.name)
    else:
        key = (y.value, "quantize", "int8", wanted)
        t.made[key] = t.node(
            "quantize", [y.value], f"{c.name}.int8", dtype="int8", quant=wanted, rounding="even"
        )
        y = t.same(y, t.made[key])
    return replace(y, role="integer", unsigned=dtype == "uint8")


def concat(t: Translator, c: Call) -> Tensor:
    """QLinearConcat: output scale and zero point first, then triples."""
    n = (len(c.inputs) - 2) // 3
    operands = [_real(t, c, 2 + 3 * i, None) for i in range(n)]
    return _as_real_op(t, c, "Concat", operands, 0)


def refuse(t: Translator, c: Call) -> Tensor:
    raise UnsupportedError(
        "chooses its scales at run time",
        "onnxruntime.quantization.quantize_static instead of quantize_dynamic",
    )


def _unary(op: str) -> Converter:
    return linear(Places(op, (0,), 3))


CONVERTERS: dict[str, Any] = {
    "ConvInteger": refuse,
    "DynamicQuantizeLinear": refuse,
    "MatMulInteger": refuse,
    "QLinearConv": linear(Places("Conv", (0, 3), 6, 8)),
    "QLinearMatMul": linear(Places("MatMul", (0, 3), 6)),
    f"{MICROSOFT}.DynamicQuantizeMatMul": refuse,
    f"{MICROSOFT}.MatMulIntegerToFloat": refuse,
    f"{MICROSOFT}.QGemm": linear(Places("Gemm", (0, 3), 7, 6)),
    f"{MICROSOFT}.QLinearAdd": linear(Places("Add", (0, 3), 6)),
    f"{MICROSOFT}.QLinearAveragePool": _unary("AveragePool"),
    f"{MICROSOFT}.QLinearConcat": concat,
    f"{MICROSOFT}.QLinearGlobalAveragePool": _unary("GlobalAveragePool"),
    f"{MICROSOFT}.QLinearLeakyRelu": _unary("LeakyRelu"),
    f"{MICROSOFT}.QLinearMul": linear(Places("Mul", (0, 3), 6)),
    f"{MICROSOFT}.QLinearSigmoid": _unary("Sigmoid"),
    f"{MICROSOFT}.QLinearSoftmax": _unary("Softmax"),
}
INTEGERS = dict(CONVERTERS)
