# SPDX-License-Identifier: Apache-2.0
"""Ops on each element alone, and pairs of elements with broadcasting."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from iseul.core.errors import UnsupportedError
from iseul.graph.ir import fresh_name
from iseul.graph.read._onnx import _quantization as q
from iseul.graph.read._onnx._file import MICROSOFT
from iseul.graph.read._onnx._layout import Const, Tensor
from iseul.numerics.affine import activation_range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.read._onnx._layout import Layout
    from iseul.graph.read._onnx._translate import Call, Converter, Operand, Translator
    from iseul.numerics import Array
    from iseul.numerics.affine import Activation, Quantization

# --- one operand


def same_op(op: str, **attrs: Any) -> Converter:
    """The converter of an op that is one node of the graph."""

    def convert(t: Translator, c: Call) -> Tensor:
        x = t.floats(t.tensor(c.operand(0)))
        return t.same(x, t.node(op, [x.value], c.name, **attrs))

    return convert


def relu(t: Translator, c: Call) -> Tensor:
    return _clamped(t, c, "relu")


def _clamped(t: Translator, c: Call, op: str) -> Tensor:
    x = t.tensor(c.operand(0))
    return t.same(x, t.node(op, [x.value], c.name))


def relu_of_integers(t: Translator, c: Call) -> Tensor | None:
    """Real 0 is an integer of every quantization, so that this clamp is exact."""
    x = t.tensor(c.operand(0))
    have = q.quant_of(t, x)
    if have is None:
        return None
    return x if have.zero_point[0] == -128 else _clamped(t, c, "relu")


def clip(t: Translator, c: Call) -> Operand:
    x = t.tensor(c.operand(0))
    low, high = _bounds(c)
    op = _clamp_op(low, high)
    if op:
        return t.same(t.floats(x), t.node(op, [x.value], c.name))
    x = t.floats(x)
    value, last = x.value, c.name
    for kind, bound in (("maximum", low), ("minimum", high)):
        if np.isfinite(bound):
            limit = t.constant(
                np.full((1,) * max(1, x.rank), bound, np.float32), f"{c.name}.{kind}"
            )
            value = t.node(kind, [value, limit], fresh_name(t.builder.values, last))
    return t.same(x, value)


def _bounds(c: Call) -> tuple[float, float]:
    if c.opset >= 11 or len(c.inputs) > 1:
        return c.number(1, "the lowest value", -np.inf), c.number(2, "the highest value", np.inf)
    return c.attributes.real("min", -np.inf), c.attributes.real("max", np.inf)


def _clamp_op(low: float, high: float) -> str:
    if low == 0.0 and high >= 3e38:
        return "relu"
    return {(0.0, 6.0): "relu6", (-1.0, 1.0): "relu_n1_to_1", (0.0, 1.0): "relu_0_to_1"}.get(
        (low, high), ""
    )


def clip_of_integers(t: Translator, c: Call) -> Any:
    x = t.tensor(c.operand(0))
    have = q.quant_of(t, x)
    if have is None or c.wanted != have:
        return _clip_table(t, c)
    low, high = _bounds(c)
    clamp = tuple(int(n) for n in q.to_integers(np.array([low, high]), have))
    if clamp == (-128, 127):
        return x
    op = _clamp_op(low, high)
    if op and activation_range(cast("Activation", op), have, "int8") == clamp:
        return _clamped(t, c, op)
    return _clip_table(t, c)


def with_reals(op: str, **defaults: float) -> Converter:
    """The converter of an op whose real attributes have ONNX's names."""

    def convert(t: Translator, c: Call) -> Any:
        attrs = {name: c.attributes.real(name, default) for name, default in defaults.items()}
        return same_op(op, **attrs)(t, c)

    return convert


def gelu(t: Translator, c: Call) -> Any:
    return same_op("gelu", approximate=c.attributes.text("approximate", "none"))(t, c)


def selu(t: Translator, c: Call) -> Tensor:
    """gamma * elu(x)."""
    x = t.floats(t.tensor(c.operand(0)))
    alpha = c.attributes.real("alpha", 1.67326319217681884765625)
    gamma = c.attributes.real("gamma", 1.05070102214813232421875)
    value = t.node("elu", [x.value], f"{c.name}.elu", alpha=alpha)
    return times(t, t.same(x, value), gamma, c.name)


def celu(t: Translator, c: Call) -> Tensor:
    """alpha * elu(x / alpha)."""
    alpha = c.attributes.real("alpha", 1.0)
    if alpha == 0.0:
        raise UnsupportedError("has alpha 0", "alpha > 0")
    x = times(t, t.floats(t.tensor(c.operand(0))), 1.0 / alpha, f"{c.name}.scaled")
    return times(t, t.same(x, t.node("elu", [x.value], f"{c.name}.elu")), alpha, c.name)


def swish(t: Translator, c: Call) -> Tensor:
    """x * logistic(alpha * x)."""
    x = t.floats(t.tensor(c.operand(0)))
    scaled = times(t, x, c.attributes.real("alpha", 1.0), f"{c.name}.scaled")
    gate = t.node("logistic", [scaled.value], f"{c.name}.gate")
    return t.same(x, t.node("mul", [x.value, gate], c.name))


def quick_gelu(t: Translator, c: Call) -> Tensor:
    """x * logistic(1.702 * x): com.microsoft.QuickGelu."""
    x = t.floats(t.tensor(c.operand(0)))
    scaled = times(t, x, c.attributes.real("alpha", 1.702), f"{c.name}.scaled")
    gate = t.node("logistic", [scaled.value], f"{c.name}.gate")
    return t.same(x, t.node("mul", [x.value, gate], c.name))


def times(t: Translator, x: Tensor, factor: float, name: str) -> Tensor:
    """x times a number; x itself for 1."""
    if factor == 1.0:
        return x
    number = t.constant(np.full((1,), factor, np.float32), f"{name}.factor")
    return t.same(x, t.node("mul", [x.value, number], name))


def reciprocal(t: Translator, c: Call) -> Tensor:
    x = t.floats(t.tensor(c.operand(0)))
    one = t.constant(np.ones((1,), np.float32), f"{c.name}.one")
    return t.same(x, t.node("div", [one, x.value], c.name))


def power(t: Translator, c: Call) -> Tensor:
    """x to a known power for which there is an op; powers 1 to 4 by multiplication."""
    exponent = c.number(1, "the exponent", 1.0)
    x = t.floats(t.tensor(c.operand(0)))
    ops = {2.0: "square", 0.5: "sqrt", -0.5: "rsqrt"}
    if exponent in ops:
        return t.same(x, t.node(ops[exponent], [x.value], c.name))
    if exponent == 1.0:
        return x
    if exponent == -1.0:
        return reciprocal(t, c)
    if exponent in (3.0, 4.0):
        square = t.node("square", [x.value], f"{c.name}.square")
        other = x.value if exponent == 3.0 else square
        return t.same(x, t.node("mul", [square, other], c.name))
    raise UnsupportedError(
        f"has the exponent {exponent:g}, must be -1, -0.5, 0.5, 1, 2, 3 or 4", "multiplications"
    )


def prelu(t: Translator, c: Call) -> Tensor:
    slope = c.operand(1)
    if isinstance(slope, Const) and slope.data.size == 1:
        alpha = float(slope.data.reshape(-1)[0])
        x = t.floats(t.tensor(c.operand(0)))
        return t.same(x, t.node("leaky_relu", [x.value], c.name, alpha=alpha))
    return combined(t, "prelu", c.operand(0), slope, c.name)


def modulo(t: Translator, c: Call) -> Tensor:
    if c.attributes.integer("fmod", 0):
        raise UnsupportedError("has the sign of the dividend (fmod)", "fmod = 0")
    return combined(t, "floor_mod", c.operand(0), c.operand(1), c.name)


def average(t: Translator, c: Call) -> Tensor:
    """Mean: of any number of operands."""
    n = len(c.inputs)
    total = c.operand(0)
    for i in range(1, n):
        total = combined(t, "add", total, c.operand(i), f"{c.name}.{i}")
    return times(t, t.tensor(total), 1.0 / n, c.name)


_clip_table = q.unary(clip)

# --- two operands


def binary(op: str) -> Converter:
    """The converter of an op of two operands with broadcasting."""

    def convert(t: Translator, c: Call) -> Tensor:
        return combined(t, op, c.operand(0), c.operand(1), c.name)

    return convert


def combined(t: Translator, op: str, a: Operand, b: Operand, name: str, **attrs: Any) -> Tensor:
    """A node of two operands, both in one layout."""
    if isinstance(a, Const) and isinstance(b, Const):
        a = t.tensor(a)
    shape = np.broadcast_shapes(a.shape, b.shape)
    order, (a, b) = t.aligned([a, b], len(shape))
    values = [
        x.value if isinstance(x, Tensor) else t.constant(_number_kind(x), x.name) for x in (a, b)
    ]
    value = t.node(op, values, name, **attrs)
    role = next(x.role for x in (a, b) if isinstance(x, Tensor))
    return Tensor(value, tuple(shape), order, role)


def _number_kind(x: Const) -> Array:
    return x.data.astype(np.float32) if x.data.dtype.kind == "f" else x.data


def add(t: Translator, c: Call) -> Tensor:
    return _affine(t, c, gain=None) or combined(t, "add", c.operand(0), c.operand(1), c.name)


def multiply(t: Translator, c: Call) -> Tensor:
    return _affine(t, c, gain=1.0) or combined(t, "mul", c.operand(0), c.operand(1), c.name)


def subtract(t: Translator, c: Call) -> Tensor:
    a, b = c.operand(0), c.operand(1)
    if isinstance(a, Tensor) and isinstance(b, Const) and b.data.dtype.kind == "f":
        less = replace(c, inputs=(a, replace(b, name=f"{b.name}.negative", data=-b.data)))
        found = _affine(t, less, gain=None)
        if found is not None:
            return found
    return combined(t, "sub", a, b, c.name)


def divide(t: Translator, c: Call) -> Tensor:
    a, b = c.operand(0), c.operand(1)
    if isinstance(a, Tensor) and isinstance(b, Const) and b.data.dtype.kind == "f":
        with np.errstate(divide="ignore", over="ignore"):
            inverse = (1.0 / b.data.astype(np.float64)).astype(np.float32)
        if np.all(np.isfinite(inverse)):
            turned = replace(b, name=f"{b.name}.inverse", data=inverse)
            return multiply(t, replace(c, inputs=(a, turned)))
    return combined(t, "div", a, b, c.name)


def _affine(t: Translator, c: Call, gain: float | None) -> Tensor | None:
    """x + b or x * b per channel behind a convolution: a batch_norm, which a pass folds into it.

    gain: None for a sum, else a product
    """
    x, b = c.operand(0), c.operand(1)
    at = 0
    if isinstance(x, Const):
        x, b, at = b, x, 1
    if not isinstance(x, Tensor) or not isinstance(b, Const) or x.base is not None:
        return None
    if (
        x.rank < 2
        or b.rank > x.rank
        or b.data.dtype.kind != "f"
        or t.n_readers.get(c.node.inputs[at], 0) != 1
    ):
        return None
    if t.ops.get(x.value) not in ("conv2d", "depthwise_conv2d", "fully_connected", "batch_norm"):
        return None
    full = (1,) * (x.rank - b.rank) + b.shape
    axis = x.layout[-1]
    if (full[axis] != x.shape[axis] and prod(full) != 1) or prod(full) not in (1, x.shape[axis]):
        return None
    n = x.shape[axis]
    values = np.broadcast_to(b.data.reshape(-1), (n,)).astype(np.float32)
    ones, zeros = np.ones(n, np.float32), np.zeros(n, np.float32)
    parameters = {
        "gain": ones if gain is None else values,
        "offset": values if gain is None else zeros,
        "mean": zeros,
        "variance": ones,
    }
    inputs = [x.value, *(t.constant(p, f"{c.name}.{key}") for key, p in parameters.items())]
    return t.same(x, t.node("batch_norm", inputs, c.name, epsilon=0.0))


def variadic(op: str) -> Converter:
    """Max, Min, Sum of any number of operands, two at a time."""

    def convert(t: Translator, c: Call) -> Operand:
        total = c.operand(0)
        for i in range(1, len(c.inputs)):
            last = i == len(c.inputs) - 1
            total = combined(t, op, total, c.operand(i), c.name if last else f"{c.name}.{i}")
        return total

    return convert


def _binary_of_integers(op: str, convert: Converter) -> Converter:
    """Operands whose integers stand for reals.

    Sums and products of two int8 or two uint8 are those of ONNX Runtime's QLinear ops. With one
    number as the other operand any op is a table.
    """

    def entry(t: Translator, c: Call) -> Any:
        if len(c.inputs) != 2:
            return None
        pair = [c.operand(0), c.operand(1)]
        tensors = [x for x in pair if isinstance(x, Tensor)]
        numbers = [x for x in pair if isinstance(x, Const)]
        if c.wanted is None or any(q.quant_of(t, x) is None for x in tensors):
            return None
        wanted, unsigned = c.wanted, tensors[0].unsigned
        fits = op in ("add", "mul") and len({x.unsigned for x in tensors}) == 1
        fits = fits and all(_is_like(x, unsigned) for x in numbers)
        if fits:
            return _combined_integers(t, op, pair, c.name, wanted)
        if not numbers or numbers[0].data.size > 1:
            return None
        x, have = tensors[0], q.quant_of(t, tensors[0])
        assert have is not None
        real = q.on_every(
            lambda inner, probe: convert(
                inner, replace(c, inputs=tuple(probe if y is x else y for y in pair))
            ),
            q.every_real(have),
        )
        y = q.table(t, x, q.to_integers(real, wanted), wanted, c.name)
        more = numbers[0].rank - x.rank
        return t.reshaped(y, (1,) * more + x.shape) if more > 0 else y

    return entry


def _is_like(x: Const, unsigned: bool) -> bool:
    """Whether a constant is int8, or uint8, with one scale."""
    s = x.scaled
    return s is not None and s.dtype == ("uint8" if unsigned else "int8") and s.scale.size == 1


def _combined_integers(
    t: Translator, op: str, pair: Sequence[Operand], name: str, wanted: Quantization
) -> Tensor:
    """A sum or product of int8 operands, in one layout."""
    order, wide = t.aligned(pair, max(x.rank for x in pair))
    lead = next(x for x in wide if isinstance(x, Tensor))
    values = [
        x.value if isinstance(x, Tensor) else q.constant_like(t, _turned(x, order)) or ""
        for x in wide
    ]
    offset = 128 if lead.unsigned else 0
    value = t.node(op, values, name, quant=wanted, requantization="float", offset=offset)
    shape = np.broadcast_shapes(*(x.shape for x in pair))
    return Tensor(value, tuple(shape), order, "real", unsigned=lead.unsigned)


def _turned(x: Const, order: Layout) -> Const:
    """A constant whose `data` was turned, with its integers turned as well."""
    assert x.scaled is not None
    before = tuple(x.shape[order.index(axis)] for axis in range(x.rank))
    data = x.scaled.data.reshape(before).transpose(order)
    return replace(x, scaled=replace(x.scaled, data=data))


CONVERTERS: dict[str, Any] = {
    "Abs": same_op("abs"),
    "Add": add,
    "Ceil": same_op("ceil"),
    "Celu": celu,
    "Clip": clip,
    "Cos": same_op("cos"),
    "Div": divide,
    "Elu": with_reals("elu", alpha=1.0),
    "Erf": same_op("erf"),
    "Exp": same_op("exp"),
    "Floor": same_op("floor"),
    "Gelu": gelu,
    "HardSigmoid": with_reals("hard_sigmoid", alpha=0.2, beta=0.5),
    "HardSwish": same_op("hard_swish"),
    "LeakyRelu": with_reals("leaky_relu", alpha=0.01),
    "Log": same_op("log"),
    "Max": variadic("maximum"),
    "Mean": average,
    "Min": variadic("minimum"),
    "Mish": same_op("mish"),
    "Mod": modulo,
    "Mul": multiply,
    "Neg": same_op("neg"),
    "PRelu": prelu,
    "Pow": power,
    "Reciprocal": reciprocal,
    "Relu": relu,
    "Round": same_op("round"),
    "Selu": selu,
    "Sigmoid": same_op("logistic"),
    "Sign": same_op("sign"),
    "Sin": same_op("sin"),
    "Softplus": same_op("softplus"),
    "Softsign": same_op("softsign"),
    "Sqrt": same_op("sqrt"),
    "Sub": subtract,
    "Sum": variadic("add"),
    "Swish": swish,
    "Tanh": same_op("tanh"),
    f"{MICROSOFT}.Gelu": same_op("gelu"),
    f"{MICROSOFT}.QuickGelu": quick_gelu,
}
_UNARY = (
    *("Abs", "Ceil", "Celu", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid"),
    *("HardSwish", "LeakyRelu", "Log", "Mish", "Neg", "PRelu", "Pow", "Reciprocal", "Round"),
    *("Selu", "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh"),
    *(f"{MICROSOFT}.Gelu", f"{MICROSOFT}.QuickGelu"),
)
INTEGERS: dict[str, Any] = {
    "Add": _binary_of_integers("add", add),
    "Clip": clip_of_integers,
    "Div": _binary_of_integers("div", divide),
    "Max": _binary_of_integers("maximum", variadic("maximum")),
    "Min": _binary_of_integers("minimum", variadic("minimum")),
    "Mul": _binary_of_integers("mul", multiply),
    "Relu": relu_of_integers,
    "Sub": _binary_of_integers("sub", subtract),
}
INTEGERS |= {op: q.unary(CONVERTERS[op]) for op in _UNARY}
