# SPDX-License-Identifier: Apache-2.0
"""Legal graphs that no device can hold are refused clearly, quickly and without the memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from iseul.compile import check_model, compile_graph
from iseul.core.errors import BudgetError, DataError, ShapeError, UnsupportedError
from iseul.graph.build import Builder
from iseul.graph.files import load_graph, save_graph
from iseul.graph.ir import Graph
from iseul.graph.passes._order import run_passes
from iseul.numerics.affine import Quantization, per_tensor
from iseul.targets import load_target

Q = per_tensor(0.1, 0)


def _relu(shape: tuple[int, ...]) -> Graph:
    b = Builder("huge")
    return b.graph([b.node("relu", [b.input("x", shape, "int8", Q)])], "quantized")


def _pool() -> Graph:
    b = Builder("huge")
    x = b.input("x", (1, 1 << 20, 1 << 10, 2), "int8", Q)
    return b.graph([b.node("max_pool2d", [x], kernel_size=(1, 1), stride=(1, 1))], "quantized")


def _conv() -> Graph:
    b = Builder("huge")
    x = b.input("x", (1, 1 << 18, 1 << 10, 3), "int8", Q)
    w = b.constant("w", np.ones((4, 3, 3, 3), np.int8), quant=Q)
    return b.graph([b.node("conv2d", [x, w], quant=Q, pads=(1, 1, 1, 1))], "quantized")


def _pad() -> Graph:
    b = Builder("huge")
    x = b.input("x", (1, 4), "int8", Q)
    return b.graph([b.node("pad", [x], pads=((0, 0), (1 << 19, 1 << 19)))], "quantized")


HUGE: dict[str, Callable[[], Graph]] = {
    "many channels": lambda: _relu((1, 2**31 - 1)),
    "many rows": lambda: _relu((1, 1 << 20, 1 << 10, 2)),
    "pool": _pool,
    "conv": _conv,
}


@pytest.mark.parametrize("board", ["nucleo-l4r5zi", "host"])
@pytest.mark.parametrize("name", HUGE)
def test_huge_shapes(name: str, board: str, tmp_path: Path) -> None:
    save_graph(HUGE[name](), tmp_path / "model.iseul")
    target = load_target(board)
    tracemalloc.start()
    try:
        graph = run_passes(load_graph(tmp_path / "model.iseul"), target)
        facts = check_model(graph, target)
        with pytest.raises(BudgetError, match="arena needs") as caught:
            compile_graph(graph, target)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "try:" in str(caught.value)
    assert facts["arena_lower_bound_bytes"] > 1 << 28
    assert peak < 64 << 20


def test_what_a_board_could_hold_is_compiled() -> None:
    assert compile_graph(_pad(), load_target("nucleo-h743zi")).plan.arena_bytes > 1 << 20


def test_empty_values_have_no_kernel() -> None:
    b = Builder("empty")
    graph = b.graph([b.node("relu", [b.input("x", (1, 0), "int8", Q)], name="act")], "quantized")
    with pytest.raises(UnsupportedError, match='"x" has no elements'):
        compile_graph(graph, load_target("nucleo-l4r5zi"))


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_scales_that_are_none(scale: float) -> None:
    with pytest.raises(ShapeError, match="finite and > 0"):
        Quantization((scale,), (0,))


@pytest.mark.parametrize("scale", [b"0.0", b"NaN", b"1e39", b"-0.1"])
def test_scales_that_are_none_in_a_file(scale: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.iseul"
    save_graph(_relu((1, 4)), path)
    old = repr(float(np.float32(0.1))).encode()
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, scale.ljust(len(old))))
    with pytest.raises(DataError):
        load_graph(path)
