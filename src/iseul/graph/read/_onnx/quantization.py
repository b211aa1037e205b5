# SPDX-License-Identifier: Apache-2.0
"""QuantizeLinear, DequantizeLinear. What they mean for the graph: `_quantization.py`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from iseul.core.errors import UnsupportedError
from iseul.graph.ir import fresh_name
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx._file import MICROSOFT
from iseul.graph.read._onnx._layout import Const

if TYPE_CHECKING:
    from iseul.graph.read._onnx._translate import Call, Operand, Translator
    from iseul.numerics.affine import Quantization


def quantize(t: Translator, c: Call) -> Operand:
    x = c.operand(0)
    if isinstance(x, Const):
        return q.quantized(c, x)
    dtype, quant = _parameters(c, output=True)
    if dtype in ("int8", "uint8") and q.quant_of(t, x) is not None:
        y = q.requantized(t, x, quant, c.name)
    else:
        x = t.floats(t.real(x))
        key = (x.value, "quantize", q.signed(dtype), quant)
        if key not in t.made:
            t.made[key] = t.node(
                "quantize",
                [x.value],
                fresh_name(t.builder.values, c.name),
                dtype=q.signed(dtype),  # type: ignore[arg-type]
                quant=quant,
                rounding="even",
            )
        y = t.same(x, t.made[key])
    return replace(y, role="integer", unsigned=dtype == "uint8")


def dequantize(t: Translator, c: Call) -> Operand:
    x = c.operand(0)
    if isinstance(x, Const):
        return q.dequantized(c, x)
    dtype, quant = _parameters(c, output=False)
    held = t.value(x.value)
    if x.role != "integer" or held.dtype != q.signed(dtype):
        raise UnsupportedError(
            f"reads {held.dtype} values that no QuantizeLinear has made, as {dtype}",
            "quantize with onnxruntime.quantization.quantize_static, format QDQ",
        )
    if held.quant != quant:  # the same integers under another scale
        x = q.relabelled(t, x, quant, c.name)
    return replace(x, role="real", unsigned=dtype == "uint8")


def _parameters(c: Call, output: bool) -> tuple[str, Quantization]:
    """(dtype in the file, quantization in the graph) of a computed value."""
    scale = c.constant(1, "the scale").data
    if c.has(2):
        c.constant(2, "the zero point")
    found = q.parameters(c.node, 1, _constants(c).get, output)
    if found is None or scale.size != 1:
        raise UnsupportedError(
            f"has {scale.size} scales on a computed value, must have 1",
            "per_channel for weights only",
        )
    if found[2] not in ("int8", "uint8", "int16", "uint16"):
        raise UnsupportedError(f"makes {found[2]}", "int8 or uint8 activations")
    return found[2], q.quantization(found[0], int(found[1].reshape(-1)[0]), found[2])


def _constants(c: Call) -> dict[str, Const]:
    return {
        name: x for name, x in zip(c.node.inputs, c.inputs, strict=False) if isinstance(x, Const)
    }


INTEGERS = {"QuantizeLinear": quantize, f"{MICROSOFT}.QuantizeLinear": quantize}
INTEGERS |= {"DequantizeLinear": dequantize, f"{MICROSOFT}.DequantizeLinear": dequantize}
CONVERTERS = dict(INTEGERS)
