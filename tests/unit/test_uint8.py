# SPDX-License-Identifier: Apache-2.0
"""Quantized uint8 as int8: which values change, and what stands at the border."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from iseul.graph.build import Builder
from iseul.graph.interpret import interpret
from iseul.graph.ir import Graph
from iseul.graph.read._uint8 import without_uint8
from iseul.graph.verify import check_graph
from iseul.numerics.affine import per_tensor

SHAPE = (1, 2, 3)
QUANT = per_tensor(0.5, 130)
OTHER = per_tensor(0.25, 7)


def draft(build: Callable[[Builder], list[str]]) -> Graph:
    """A graph as a reader has it: not legal yet."""
    b = Builder("draft")
    outputs = build(b)
    inputs = [name for name in b.values if name.startswith("x")]
    return Graph(
        "draft", tuple(inputs), tuple(outputs), tuple(b._nodes), b.values, level="quantized"
    )


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def kinds(graph: Graph) -> dict[str, tuple[str, int]]:
    return {
        name: (value.dtype, value.quant.zero_point[0] if value.quant else 0)
        for name, value in graph.values.items()
    }


def test_inputs_and_outputs_stay_and_what_is_between_is_signed() -> None:
    def build(b: Builder) -> list[str]:
        x = b.input("x", SHAPE, "uint8", QUANT)
        c = b.constant("c", np.array([[[0, 128, 255]]], np.uint8), quant=OTHER)
        middle = b.node("add", [x, c], name="middle", quant=OTHER)
        return [b.node("add", [middle, x], name="y", quant=QUANT)]

    graph = without_uint8(draft(build))
    check_graph(graph)
    assert ops(graph) == ["quantize", "add", "add", "quantize"]
    assert kinds(graph) == {
        "x": ("uint8", 130),
        "x_int8": ("int8", 2),
        "c": ("int8", -121),
        "middle": ("int8", -121),
        "y_int8": ("int8", 2),
        "y": ("uint8", 130),
    }
    assert graph.values["c"].data is not None
    assert graph.values["c"].data.ravel().tolist() == [-128, 0, 127]
    x = np.array([[[0, 1, 2], [130, 254, 255]]], np.uint8)
    result = interpret(graph, [x])
    np.testing.assert_array_equal(result.values["x_int8"], x.astype(int) - 128)
    np.testing.assert_array_equal(result.values["y_int8"].astype(int) + 128, result.outputs[0])


def test_a_quantize_that_is_there_is_the_border() -> None:
    def build(b: Builder) -> list[str]:
        x = b.input("x", SHAPE, "uint8", QUANT)
        signed = b.node("quantize", [x], dtype="int8", quant=per_tensor(0.5, 2))
        y = b.node("relu", [signed])
        return [b.node("quantize", [y], name="y", dtype="uint8", quant=QUANT)]

    before = draft(build)
    graph = without_uint8(before)
    check_graph(graph)
    assert ops(graph) == ops(before)
    assert graph.values["x"].dtype == graph.values["y"].dtype == "uint8"


def test_uint8_to_uint8_is_signed_inside() -> None:
    def build(b: Builder) -> list[str]:
        x = b.input("x", SHAPE, "uint8", QUANT)
        return [b.node("quantize", [x], name="y", dtype="uint8", quant=OTHER)]

    graph = without_uint8(draft(build))
    check_graph(graph)
    assert ops(graph) == ["quantize", "quantize", "quantize"]


def test_cast_sees_the_integers_themselves() -> None:
    def build(b: Builder) -> list[str]:
        x = b.input("x", SHAPE, "uint8", QUANT)
        middle = b.node("relu", [x], name="middle")
        return [
            b.node("cast", [middle], name="raw", dtype="int32"),
            b.node("dequantize", [middle], name="real", dtype="float32"),
        ]

    graph = without_uint8(draft(build))
    check_graph(graph)
    x = np.array([[[0, 1, 2], [130, 200, 255]]], np.uint8)
    raw, real = interpret(graph, [x]).outputs
    clamped = np.maximum(x, 130).astype(np.int32)
    np.testing.assert_array_equal(raw, clamped)
    np.testing.assert_array_equal(real, (clamped - 130) * np.float32(0.5))


def test_plain_uint8_stays() -> None:
    def build(b: Builder) -> list[str]:
        x = b.input("x", SHAPE, "uint8")
        return [b.node("cast", [x], name="y", dtype="float32")]

    before = draft(build)
    assert without_uint8(before) is before


def test_a_value_that_leaves_and_is_read_has_both_kinds() -> None:
    def build(b: Builder) -> list[str]:
        x = b.input("x", SHAPE, "uint8", QUANT)
        y = b.node("relu", [x], name="y")
        return [y, b.node("relu6", [y], name="z")]

    graph = without_uint8(draft(build))
    check_graph(graph)
    assert ops(graph) == ["quantize", "relu", "quantize", "relu6", "quantize"]
    assert graph.outputs == ("y", "z")
