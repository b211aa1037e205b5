# SPDX-License-Identifier: Apache-2.0
"""Weights of fewer bits: what they take in flash, in files and in `.tflite` buffers."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases._case import Net, quant
from iseul.compile import compile_graph
from iseul.graph.files import load_graph, save_graph
from iseul.graph.interpret import interpret
from iseul.graph.ir import DType, Graph
from iseul.graph.ops._hybrid import _zero_points
from iseul.graph.read import tflite
from iseul.numerics.affine import pack_nibbles, unpack_nibbles
from iseul.targets import load_target
from unit._tflite_bytes import Model

BOARD = load_target("nucleo-g0b1re")  # its kernels take weights as they are


@given(st.lists(st.integers(-8, 7), max_size=40))
def test_nibbles_come_back(elements: list[int]) -> None:
    data = np.array(elements, np.int8)
    packed = pack_nibbles(data)
    assert packed.size == (len(elements) + 1) // 2
    np.testing.assert_array_equal(unpack_nibbles(packed)[: len(elements)], data)


def test_the_first_of_two_nibbles_is_in_the_low_half() -> None:
    assert pack_nibbles(np.array([1, -2, 7], np.int8)).tolist() == [0xE1, 0x07]


def weighted(op: str, dtype: DType) -> Graph:
    net = Net(f"{op}_{dtype}")
    shapes = {
        "conv2d": ((1, 6, 6, 16), (32, 3, 3, 16), 0),
        "depthwise_conv2d": ((1, 6, 6, 64), (1, 5, 5, 64), 3),
        "fully_connected": ((1, 301), (33, 301), 0),
    }
    x_shape, w_shape, axis = shapes[op]
    w = net.weights(w_shape, axis, dtype=dtype)
    y = net.node(op, [net.int8(x_shape), w], quant=quant(0.05))
    return net.graph([y], "quantized")


@pytest.mark.parametrize("op", ["conv2d", "depthwise_conv2d", "fully_connected"])
def test_int4_weights_take_half_the_flash(op: str) -> None:
    narrow, wide = (weighted(op, dtype) for dtype in ("int4", "int8"))
    weights = wide.values["w"]
    assert narrow.values["w"].n_bytes == (weights.n_elements + 1) // 2
    # for speed, int8 weights are laid out in more bytes on this board
    sizes = [compile_graph(graph, BOARD, goal="flash").constant_bytes for graph in (wide, narrow)]
    saved = sizes[0] - sizes[1]
    # but for fields of the parameter structs, and a zero point per channel
    assert abs(saved - weights.n_elements // 2) <= 160


def test_int4_weights_survive_a_file(tmp_path: Path) -> None:
    graph = weighted("conv2d", "int4")
    save_graph(graph, tmp_path / "net.iseul")
    again = load_graph(tmp_path / "net.iseul")
    assert again.values["w"].dtype == "int4"
    x = np.arange(576).reshape(1, 6, 6, 16).astype(np.int8)
    np.testing.assert_array_equal(
        interpret(graph, [x]).outputs[0], interpret(again, [x]).outputs[0]
    )


def test_weights_behind_a_dequantize_stay_int8(tmp_path: Path) -> None:
    net = Model()
    x = net.tensor((1, 300), "float32")
    data = np.random.default_rng(3).integers(-127, 128, (20, 300))
    w = net.tensor(data.shape, scale=np.full(20, 0.01), data=data)
    reals, y = net.tensor(data.shape, "float32"), net.tensor((1, 20), "float32")
    net.operator("DEQUANTIZE", [w], [reals])
    net.operator("FULLY_CONNECTED", [x, reals], [y], {}, 8)
    path = tmp_path / "model.tflite"
    path.write_bytes(net.encode([x], [y]))
    graph = tflite.read(path)
    assert [node.op for node in graph.nodes] == ["fully_connected"]
    assert data.size < compile_graph(graph, BOARD).constant_bytes < data.size + 400
    vector = np.linspace(-1, 1, 300, dtype=np.float32)[None]
    expected = vector.astype(float) @ (data * float(np.float32(0.01))).T
    np.testing.assert_allclose(interpret(graph, [vector]).outputs[0], expected, atol=1e-5)


@given(st.floats(2.0**-20, 2.0**20, width=32), st.floats(0, 2.0**20, width=32))
def test_zero_points_of_samples_are_the_nearest(below: float, most: float) -> None:
    assert _zero_points(np.array([below]), np.array([most]))[0] == nearest(below, most)


@pytest.mark.parametrize("n", range(255))
def test_zero_points_between_two_go_away_from_0(n: int) -> None:
    below, most = float(2 * n + 1), float(509 - 2 * n)
    assert _zero_points(np.array([below]), np.array([most]))[0] == nearest(below, most)


def nearest(below: float, most: float) -> int:
    exact = 255 * Fraction(below) / (Fraction(below) + Fraction(most)) - 128
    return math.floor(abs(exact) + Fraction(1, 2)) * (1 if exact > 0 else -1)
