# SPDX-License-Identifier: Apache-2.0
"""Integers in ONNX files: how QuantizeLinear and DequantizeLinear become integer ops.

A DequantizeLinear makes no node: its tensor keeps the integers and gets the role "real". An op
that reads such tensors, and whose every reader is a QuantizeLinear of the same scale and zero
point, becomes an integer op with that quantization. Where that does not hold, a `dequantize`
node appears, the op stays a float op, and the QuantizeLinear behind it becomes a `quantize` node.

Integers are those of ONNX Runtime's CPU kernels: an accumulator is multiplied by a float32
scale and rounded half to even. uint8 becomes int8 by subtracting 128 from numbers and zero
points, which changes no result.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret
from iseul.graph.ir import fresh_name
from iseul.graph.ops.reinterpret import attributes as reinterpret
from iseul.graph.read._onnx import _layout as layout
from iseul.graph.read._onnx._layout import Const, Scaled, Tensor
from iseul.graph.read._onnx._translate import Translator
from iseul.numerics.affine import INTEGER_RANGE, Quantization, dequantize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from iseul.graph.ir import Shape
    from iseul.graph.read._onnx._file import FileNode
    from iseul.graph.read._onnx._translate import Call, Converter
    from iseul.numerics import Array

    Named = Callable[[str], Const | None]

# Ops that may stand between an op and its QuantizeLinear: rounding before or after them is the
# same, as they move elements or are monotone. The tensor they read is their first input.
_COMMUTES = (
    "Clip",
    "DepthToSpace",
    "Dropout",
    "Flatten",
    "Identity",
    "MaxPool",
    "Relu",
    "Reshape",
    "SpaceToDepth",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
)
_DEPTH = 8  # of such ops in a row
_SHIFT = {"uint8": 128, "uint16": 32768, "uint4": 8}  # unsigned minus this is signed
_SIGNED = {"uint8": "int8", "uint16": "int16", "uint4": "int4"}
_KINDS = ("int8", "uint8", "int16", "uint16")


def signed(dtype: str) -> str:
    """The signed dtype in which the graph holds an integer dtype of the file."""
    return _SIGNED.get(dtype, dtype)


def quantization(scale: Array, zero_point: int, dtype: str) -> Quantization:
    """Scale and zero point of the file for the graph's signed integers. Raises ShapeError."""
    real = float(np.float32(scale.reshape(-1)[0]))
    return Quantization((real,), (int(zero_point) - _SHIFT.get(dtype, 0),))


def parameters(
    node: FileNode, first: int, named: Named, output: bool
) -> tuple[Array, Array, str] | None:
    """(scale, zero point, dtype) from inputs `first` and `first + 1` of a node; None if unknown.

    output: the node makes these integers, so that an attribute may state their dtype
    """
    names = [node.inputs[i] if i < len(node.inputs) else "" for i in (first, first + 1)]
    scale = named(names[0]) if names[0] else None
    zero = named(names[1]) if names[1] else None
    if scale is None or scale.data.dtype.kind != "f" or (names[1] and zero is None):
        return None
    if zero is not None:
        dtype = zero.dtype
    else:
        number = node.attributes.integer("output_dtype", 0) if output else 0
        dtype = {3: "int8", 4: "uint16", 5: "int16"}.get(number, "uint8")
    none = np.zeros(scale.data.shape, np.int64)
    zeros = none if zero is None else zero.data.astype(np.int64)
    return scale.data, np.broadcast_to(zeros, scale.data.shape), dtype


def of_quantize(node: FileNode, named: Named) -> Quantization | None:
    """What a QuantizeLinear makes, if it is int8 or uint8 with one scale."""
    found = parameters(node, 1, named, output=True)
    if found is None or found[0].size != 1 or found[2] not in ("int8", "uint8"):
        return None
    return quantization(found[0], int(found[1].reshape(-1)[0]), found[2])


def wanted(
    name: str,
    readers: Mapping[str, Sequence[FileNode]],
    outputs: set[str],
    named: Named,
    depth: int = _DEPTH,
) -> Quantization | None:
    """The one quantization in which everything that reads a value wants it, or None."""
    nodes = readers.get(name, ())
    if not nodes or name in outputs or depth == 0:
        return None
    found: set[Quantization | None] = set()
    for node in nodes:
        if node.inputs[0] != name or node.inputs.count(name) > 1:
            return None
        if node.op == "QuantizeLinear":
            found.add(of_quantize(node, named))
        elif node.op in _COMMUTES and not node.domain:
            found.add(wanted(node.outputs[0], readers, outputs, named, depth - 1))
        else:
            return None
        if len(found) > 1:
            return None
    return found.pop()


# --- the border


def parameters_of_input(node: FileNode, name: str, named: Named) -> tuple[Array, Array, str] | None:
    """How a node that reads an integer input of the model takes its numbers, or None."""
    if node.op == "DequantizeLinear" or node.op.startswith("QLinear"):
        for i, read in enumerate(node.inputs):
            if read == name:
                return parameters(node, i + 1, named, output=False)
    return None


def integer_input(
    t: Translator, name: str, shape: Shape, dtype: str, found: tuple[Array, Array, str] | None
) -> Tensor:
    """An int8 or uint8 input of the model; uint8 becomes int8 at once."""
    order = layout.identity(len(shape))
    if found is None or found[0].size != 1:
        value = t.builder.input(name, shape, "uint8" if dtype == "uint8" else "int8")
        return Tensor(value, shape, order)
    scale, zero = found[0], int(found[1].reshape(-1)[0])
    quant = quantization(scale, zero, dtype)
    if dtype == "int8":
        return Tensor(t.builder.input(name, shape, "int8", quant), shape, order, "integer")
    outside = Quantization(quant.scale, (zero,))
    value = t.builder.input(name, shape, "uint8", outside)
    inside = fresh_name(t.builder.values, f"{name}.int8")
    value = t.node("quantize", [value], inside, dtype="int8", quant=quant)
    return Tensor(value, shape, order, "integer", unsigned=True)


def interface_value(t: Translator, x: Tensor) -> str:
    """The graph value of an output of the model: the file's order, dtype and numbers."""
    if x.role == "real":  # bytes are turned into the file's order, not reals
        x = Tensor(t.plain(x), x.shape, layout.identity(x.rank), "real", unsigned=x.unsigned)
    value = t.plain(t.real(x))
    if x.role != "integer" or not x.unsigned:
        return value
    quant = t.value(value).quant
    assert quant is not None, f"{value} has no quantization"
    outside = Quantization(quant.scale, (quant.zero_point[0] + 128,))
    name = fresh_name(t.builder.values, f"{value}.uint8")
    return t.node("quantize", [value], name, dtype="uint8", quant=outside)


# --- tensors whose integers stand for reals


def quant_of(t: Translator, x: Tensor) -> Quantization | None:
    """The quantization of an int8 tensor that stands for reals, else None."""
    value = t.value(x.value)
    return value.quant if x.role == "real" and value.dtype == "int8" else None


def made(x: Tensor, value: str, shape: Shape, order: layout.Layout) -> Tensor:
    """The result of an integer op: it stands for reals until a QuantizeLinear reads it."""
    return Tensor(value, shape, order, "real")


def constant_like(t: Translator, x: Const) -> str | None:
    """A dequantized constant as int8 of the graph; None if it is none, or has several scales."""
    s = x.scaled
    if s is None or s.dtype not in ("int8", "uint8") or s.scale.size != 1:
        return None
    shift = _SHIFT.get(s.dtype, 0)
    quant = quantization(s.scale, int(s.zero_point[0]), s.dtype)
    return t.constant((s.data.astype(np.int16) - shift).astype(np.int8), x.name, "int8", quant)


def table(t: Translator, x: Tensor, results: Array, quant: Quantization, name: str) -> Tensor:
    """x mapped by all 256 results (int8, that of -128 first)."""
    source = t.constant(results.astype(np.int8), f"{name}.table")
    have = t.value(x.value).quant
    assert have is not None, f"{x.value} has no quantization"
    value = t.node(
        "lookup",
        [x.value, source],
        name,
        dtype="int8",
        quant=quant,
        in_scale=have.scale[0],
        in_zero_point=have.zero_point[0],
        scale=quant.scale[0],
        zero_point=quant.zero_point[0],
    )
    return t.same(x, value)


def requantized(t: Translator, x: Tensor, quant: Quantization, name: str) -> Tensor:
    """x, which stands for reals, in another quantization."""
    have = quant_of(t, x)
    assert have is not None, f"{x.value} does not stand for reals"
    if have == quant:
        return x
    key = (x.value, "requantize", quant)
    if key not in t.made:
        name = fresh_name(t.builder.values, name)
        t.made[key] = table(t, x, to_integers(every_real(have), quant), quant, name).value
    return t.same(x, t.made[key])


def relabelled(t: Translator, x: Tensor, quant: Quantization, name: str) -> Tensor:
    """The same integers under another scale or zero point, which a file may do."""
    have = t.value(x.value).quant
    assert have is not None, f"{x.value} has no quantization"
    name = fresh_name(t.builder.values, name)
    attrs: dict[str, Any] = reinterpret(have, quant)
    value = t.node("reinterpret", [x.value], name, quant=quant, **attrs)
    return t.same(x, value)


def every_real(quant: Quantization) -> Array:
    """The reals that -128 .. 127 stand for, (256,) float32."""
    return dequantize(np.arange(-128, 128), quant)


def to_integers(x: Array, quant: Quantization, dtype: str = "int8") -> Array:
    """ONNX's QuantizeLinear: rint(x / scale) + zero_point in float32, saturated."""
    low, high = INTEGER_RANGE[dtype]
    with np.errstate(invalid="ignore", over="ignore"):
        ratio = np.rint(np.asarray(x, np.float32) / np.float32(quant.scale[0]))
    whole = ratio.astype(np.float64) + quant.zero_point[0]
    return np.clip(np.nan_to_num(whole, nan=low), low, high).astype(dtype)


def unary(convert: Converter) -> Converter:
    """The integer form of an op of one value: the table of what the float op gives."""

    def entry(t: Translator, c: Call) -> Any:
        x = c.operand(0)
        if not isinstance(x, Tensor) or c.wanted is None or (have := quant_of(t, x)) is None:
            return None
        others = [other for other in c.inputs[1:] if other is not None]
        if any(isinstance(other, Tensor) or other.data.size > 1 for other in others):
            return None
        y = on_every(
            lambda inner, probe: convert(inner, replace(c, inputs=(probe, *c.inputs[1:]))),
            every_real(have),
        )
        return table(t, x, to_integers(y, c.wanted), c.wanted, c.name)

    return entry


def on_every(make: Callable[[Translator, Tensor], Any], x: Array) -> Array:
    """What a few nodes, made on a graph of their own, give for the values of x, each alone."""
    inner = Translator(Builder("table"), 0)
    shape = (1, x.size)
    probe = Tensor(inner.builder.input("x", shape), shape, layout.identity(2))
    result = make(inner, probe)
    graph = inner.builder.graph([inner.plain(result)])
    with np.errstate(all="ignore"):
        return interpret(graph, [x.reshape(shape)]).outputs[0].reshape(-1)


# --- constants


def dequantized(c: Call, x: Const) -> Const:
    """DequantizeLinear of a constant: float32, with the integers behind it."""
    scale = c.constant(1, "the scale").data.astype(np.float32)
    zero = c.constant(2, "the zero point").data.astype(np.int64) if c.has(2) else None
    zero = np.zeros(scale.shape, np.int64) if zero is None else zero
    data, axis = x.data, None
    block = c.attributes.integer("block_size", 0)
    if block:
        axis = c.axis(c.attributes.integer("axis", 1), data.ndim)
        whole = [np.repeat(a, block, axis)[_head(data.shape, axis)] for a in (scale, zero)]
        return Const(c.name, (data - whole[1]).astype(np.float32) * whole[0], "float32")
    if scale.size > 1:
        axis = c.axis(c.attributes.integer("axis", 1), data.ndim)
    if axis is not None and (scale.ndim != 1 or data.shape[axis] != scale.size):
        raise DataError(f"corrupt: {c.node.where} has {scale.size} scales for {data.shape}")
    if zero.shape != scale.shape and zero.size != scale.size:
        raise DataError(f"corrupt: {c.node.where} has {zero.size} zero points")
    turn = [-1 if i == axis else 1 for i in range(data.ndim)]
    centred = data.astype(np.int64) - zero.reshape(turn)
    real = centred.astype(np.float32) * scale.reshape(turn)
    held = Scaled(data, x.dtype, scale.reshape(-1), zero.reshape(-1), axis)
    return Const(c.name, np.asarray(real, np.float32), "float32", held)


def _head(shape: Shape, axis: int) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(shape[axis]))


def quantized(c: Call, x: Const) -> Const:
    """QuantizeLinear of a constant."""
    found = parameters(c.node, 1, _named_inputs(c), output=True)
    if found is None or (found[2] not in INTEGER_RANGE and found[2] not in _SHIFT):
        raise UnsupportedError("its scale or zero point is not known", "constants")
    scale, zero, dtype = found
    turn = [1] * x.data.ndim
    if scale.size > 1:
        axis = c.axis(c.attributes.integer("axis", 1), x.data.ndim)
        turn[axis] = -1
    low, high = _range(dtype)
    with np.errstate(all="ignore"):
        ratio = np.rint(x.data.astype(np.float32) / scale.astype(np.float32).reshape(turn))
    whole = np.nan_to_num(ratio.astype(np.float64) + zero.reshape(turn), nan=low)
    kind = "int8" if dtype == "int4" else "uint8" if dtype == "uint4" else dtype
    return Const(c.name, np.clip(whole, low, high).astype(kind), dtype)


def _range(dtype: str) -> tuple[int, int]:
    if dtype in _SHIFT:
        return 0, 2 * _SHIFT[dtype] - 1
    return INTEGER_RANGE[dtype]


def _named_inputs(c: Call) -> Named:
    known = {
        name: x for name, x in zip(c.node.inputs, c.inputs, strict=False) if isinstance(x, Const)
    }
    return known.get
