# SPDX-License-Identifier: Apache-2.0
"""Weights of fewer bits: what they take in flash, in files and in `.tflite` buffers."""

from __future__ import annotations

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
from iseul.numerics.affine import pack_nibbles, unpack_nibbles
from iseul.targets import load_target

M4 = load_target("nucleo-l4r5zi")


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
    saved = compile_graph(wide, M4).constant_bytes - compile_graph(narrow, M4).constant_bytes
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
