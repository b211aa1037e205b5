# SPDX-License-Identifier: Apache-2.0
"""Cases of fully_connected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cases import _factor as factor
from cases._case import SUMS_REORDERED, Case, Net, balanced, quant
from iseul.graph.ir import DType
from iseul.numerics.affine import INTEGER_RANGE


def _case(
    what: str,
    shape: tuple[int, ...],
    n_out: int,
    *,
    kind: str = "int8",
    bias: bool | str = True,
    batch: int = 1,
    zero_in: int = 3,
    scale_in: float = 0.05,
    scale_w: float = 0.01,
    largest_w: int = 127,
    zero_w: Sequence[int] = (0,),
    kind_w: DType = "int8",
    one_scale: bool = False,
    scale_out: float | None = None,
    zero_out: int = -5,
    **attrs: Any,
) -> Case:
    n_in = shape[-1] if attrs.get("keep_dims") else _product(shape)

    def build(net: Net) -> str:
        only = scale_w if one_scale else None
        w = net.weights(
            (n_out, n_in),
            0,
            scale=scale_w,
            largest=largest_w,
            per_tensor_scale=only,
            zero_point=zero_w,
            dtype=kind_w,
        )
        is_int8, x_shape = kind == "int8", (batch, *shape)
        x = net.int8(x_shape, scale_in, zero_in) if is_int8 else net.int16(x_shape, scale_in)
        values = [x, w, *net.bias_of(kind, bias, n_out)]
        largest = min(largest_w, INTEGER_RANGE[kind_w][1])
        fills = scale_out or balanced(n_in, scale_in, scale_w * largest / 127)
        out = quant(fills, zero_out if is_int8 else 0)
        return net.node("fully_connected", values, quant=out, **attrs)

    return Case(f"fully_connected/{what}", build)


def _float(what: str, shape: tuple[int, ...], n_out: int, **attrs: Any) -> Case:
    n_in = shape[-1] if attrs.get("keep_dims") else _product(shape)

    def build(net: Net) -> str:
        x = net.input("x", (1, *shape))
        w, b = net.reals("w", (n_out, n_in), n_in**-0.5), net.reals("b", (n_out,))
        return net.node("fully_connected", [x, w, b], **attrs)

    return Case(f"fully_connected/{what}", build, tolerance=2e-5, reason=SUMS_REORDERED)


def _hybrid(
    what: str, n_in: int, n_out: int, *, rows: int = 1, one_scale: bool = False, **attrs: Any
) -> Case:
    """Floats with int8 weights."""
    zeros = attrs.pop("zero_w", (0,))

    def build(net: Net) -> str:
        only = 0.01 if one_scale else None
        w = net.weights((n_out, n_in), 0, scale=0.002, per_tensor_scale=only, zero_point=zeros)
        values = [net.input("x", (1, rows, n_in)), w, net.reals("b", (n_out,))]
        return net.node("fully_connected", values, keep_dims=True, **attrs)

    return Case(f"fully_connected/{what}", build, tolerance=2e-5, reason=SUMS_REORDERED)


def _product(shape: tuple[int, ...]) -> int:
    n = 1
    for size in shape:
        n *= size
    return n


CASES = (
    _case("weights of -128", (201,), 18, largest_w=128),
    _case("rows of 2 and of fours", (4, 42), 9, keep_dims=True, batch=2, zero_in=-128),
    _case("64 to 10", (64,), 10),
    _case("one scale: s_in * s_w is a float32 product", (33,), 9, one_scale=True, scale_w=0.0117),
    _case("odd sizes", (37,), 13),
    _case(
        "ties",
        (21,),
        30,
        scale_in=1.0,
        scale_w=1.0,
        largest_w=1,
        one_scale=True,
        scale_out=4.0,
        batch=3,
    ),
    _case("one in, one out", (1,), 1),
    _case("one scale for the only channel", (17,), 1),
    _case("three in", (3,), 4),
    _case("many in", (515,), 3),
    _case("flattens", (3, 4, 5), 6),
    _case("keeps the axes", (3, 8), 5, keep_dims=True),
    _case("no bias", (20,), 7, bias=False),
    _case("relu, zero point -128", (24,), 8, activation="relu", zero_out=-128),
    _case("relu6", (24,), 8, activation="relu6", scale_out=0.05, zero_out=-60),
    _case("relu_n1_to_1", (24,), 8, activation="relu_n1_to_1", scale_out=0.02),
    _case("zero point in -128", (24,), 8, zero_in=-128),
    _case("zero point in 127", (24,), 8, zero_in=127),
    _case("saturates", (24,), 16, scale_out=0.02),
    _case(
        "multiplier above 1",
        (4,),
        16,
        bias=False,
        zero_in=0,
        scale_in=0.001,
        largest_w=2,
        scale_w=0.05,
        scale_out=2e-5,
    ),
    _case("multiplier far below 1", (40,), 6, scale_out=40.0),
    _case("batch of 3", (5, 2), 4, batch=3),
    _case("weights with a zero point", (21,), 5, one_scale=True, zero_w=(-128,), zero_in=127),
    _case("weights with zero points", (21,), 5, zero_w=(127, -77, 0, 3)),
    _case("int4 weights", (37,), 11, kind_w="int4"),
    _case(
        "int4 weights, one scale, relu6", (8,), 6, kind_w="int4", one_scale=True, activation="relu6"
    ),
    _case(
        "int4 weights, few, rectified", (16,), 3, kind_w="int4", activation="relu", zero_out=-128
    ),
    _case("int4 weights, rectified", (72,), 18, kind_w="int4", activation="relu", zero_out=-128),
    _case(
        "int4 weights, rectified, multipliers around 1",
        (32,),
        13,
        kind_w="int4",
        activation="relu",
        zero_out=-128,
        scale_in=0.02,
        scale_w=0.1,
        scale_out=0.0018,
    ),
    _case("int4 weights, a long row", (304,), 9, kind_w="int4", zero_in=-128),
    _case("int4 weights, clamped", (24,), 10, kind_w="int4", activation="relu6", zero_out=-60),
    _case("int4 weights, keeps the axes, batch", (3, 5), 4, kind_w="int4", keep_dims=True, batch=2),
    _case("int16", (37,), 11, kind="int16"),
    _case("int16 one scale", (20,), 6, kind="int16", one_scale=True, scale_w=0.0117),
    _case("int16 int32 bias, relu6", (20,), 6, kind="int16", bias="int32", activation="relu6"),
    _case("int16 no bias, keeps the axes", (3, 8), 5, kind="int16", bias=False, keep_dims=True),
    _case("int16 sums of 64 bits", (1200,), 2, kind="int16"),
    _hybrid("hybrid", 37, 11),
    _hybrid("hybrid, zero points, relu6", 9, 5, zero_w=(3, -128), activation="relu6"),
    _hybrid("hybrid, rows to int8", 33, 6, rows=3, input_quantization="symmetric"),
    _hybrid("hybrid, one scale to int8", 12, 4, one_scale=True, input_quantization="symmetric"),
    _hybrid("hybrid, rows by zero points", 33, 6, rows=3, input_quantization="asymmetric"),
    _float("float", (37,), 11),
    _float("float flattens, relu", (3, 4, 2), 5, activation="relu"),
    _float("float keeps the axes", (3, 6), 4, keep_dims=True),
    # kernels of four outputs at a time: tails of inputs and outputs, each kind of clamp
    _case("34 to 18, rectified", (34,), 18, activation="relu", zero_out=-128),
    _case("30 to 11, clamped", (30,), 11, activation="relu6", scale_out=0.05, zero_out=-60),
    _case("256 to 8, rectified", (256,), 8, zero_out=-128),
    _case("264 to 9", (264,), 9),
    _case("rows of 48 to 5, rectified", (48,), 5, batch=3, activation="relu", zero_out=-128),
    _case("rows of 33 to 7", (33,), 7, batch=2),
    _case("weights of -128, few inputs", (40,), 12, largest_w=128),
    *factor.CASES["fully_connected"],
)
