# SPDX-License-Identifier: Apache-2.0
"""The IR, the builder, the checks, the oracle's two ways to run, and files however broken."""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cases import all_cases
from iseul.core.errors import DataError, IseulError, ShapeError, UnsupportedError, UsageError
from iseul.graph import files, ir
from iseul.graph.build import Builder
from iseul.graph.files import load_graph, save_graph
from iseul.graph.interpret import initial_state, interpret, interpret_samples
from iseul.graph.ir import Graph, Value, constant, rebuild, remove_dead_nodes
from iseul.graph.ops import _spatial as spatial
from iseul.graph.verify import broken_constraints, check_graph
from iseul.numerics.affine import Quantization, per_channel, per_tensor

RANDOM = np.random.default_rng(0)


def net(n_channels: int = 4) -> Graph:
    """A small quantized net: convolution, depthwise, add, pool, fully connected, softmax."""
    b = Builder("net")
    quant = per_tensor(0.05, -3)

    def weights(name: str, shape: tuple[int, ...], axis: int) -> str:
        data = np.random.default_rng(len(name)).integers(-127, 128, shape).astype(np.int8)
        return b.constant(name, data, quant=per_channel([0.003] * shape[axis], axis))

    x = b.input("image", (1, 6, 6, 1), "int8", per_tensor(1 / 255, -128))
    bias = b.constant("conv.b", np.arange(n_channels, dtype=np.int32))
    y = b.node(
        "conv2d",
        [x, weights("conv.w", (n_channels, 3, 3, 1), 0), bias],
        pads=(1, 1, 1, 1),
        activation="relu",
        quant=quant,
        name="conv",
    )
    z = b.node(
        "depthwise_conv2d",
        [y, weights("dw.w", (1, 3, 3, n_channels), 3)],
        pads=(1, 1, 1, 1),
        quant=quant,
        name="dw",
    )
    y = b.node("add", [y, z], quant=per_tensor(0.1, 0))
    y = b.node("average_pool2d", [y], kernel_size=(6, 6))
    y = b.node("fully_connected", [y, weights("fc.w", (3, n_channels), 0)], quant=per_tensor(0.2))
    y = b.node("softmax", [y], quant=per_tensor(1 / 256, -128))
    return b.graph([y], "quantized")


def counter() -> Graph:
    """State: a running sum of the inputs."""
    b = Builder("counter")
    x = b.input("x", (1, 3))
    total = b.state("total", np.zeros((1, 3), np.float32))
    after = b.node("add", [x, total], name="after")
    b.next_state(total, after)
    return b.graph([after])


def images(n: int) -> np.ndarray:
    return np.random.default_rng(n).integers(-128, 128, (n, 1, 6, 6, 1)).astype(np.int8)


# --- IR and builder


def test_builder_names_values_after_nodes() -> None:
    b = Builder("names")
    x = b.input("x", (1, 4))
    assert b.node("relu", [x]) == "relu"
    assert b.node("relu", [x]) == "relu_2"
    assert b.node("relu", [x], name="act") == "act"
    assert b.constant("act", np.zeros(2, np.float32)) == "act_2"
    assert b.outputs_of("act") == ("act",)
    with pytest.raises(UsageError, match='already has a value "x"'):
        b.input("x", (1, 4))
    with pytest.raises(UsageError, match=r'there is no op "rely".* did you mean "relu"'):
        b.node("rely", [x])
    with pytest.raises(UsageError, match="shape"):
        b.node("reshape", [x], shapes=(1, 4))


def test_integer_outputs_take_the_inputs_quantization_by_default() -> None:
    b = Builder("quant")
    x = b.input("x", (1, 4), "int8", per_tensor(0.1, 5))
    assert b.values[b.node("relu", [x])].quant == per_tensor(0.1, 5)
    assert b.values[b.node("dequantize", [x], dtype="float32")].quant is None


def test_values_know_their_size() -> None:
    assert Value("v", (3, 5), "int8").n_bytes == 15
    assert Value("v", (3, 5), "int4").n_bytes == 8
    assert Value("v", (3, 5), "float32").n_bytes == 60
    assert Value("v", (), "int16").n_elements == 1


def test_constants_are_copies_and_read_only() -> None:
    data = np.zeros(3, np.float32)
    value = constant("c", data)
    data[0] = 1
    assert value.data is not None
    assert value.data[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        value.data[0] = 1


def test_graph_knows_who_makes_and_reads() -> None:
    graph = net()
    conv = graph.producer("conv")
    assert conv is not None
    assert conv.op == "conv2d"
    assert graph.producer("image") is None
    assert [node.op for node in graph.consumers("conv")] == ["depthwise_conv2d", "add"]
    assert graph.consumers(graph.outputs[0]) == ()
    assert graph.is_output(graph.outputs[0])
    assert not graph.is_output("conv")
    assert counter().is_output("after")
    assert {value.name for value in graph.constants} == {"conv.w", "conv.b", "dw.w", "fc.w"}
    assert ir.shapes([graph.values["conv.w"], Value("s", ())]) == "4x3x3x1, scalar"


def test_rebuild_drops_what_nothing_names() -> None:
    graph = net()
    shorter = rebuild(graph, graph.nodes[:1], outputs=("conv",))
    assert set(shorter.values) == {"image", "conv.w", "conv.b", "conv"}
    check_graph(shorter)


def test_dead_nodes_go_and_state_stays() -> None:
    b = Builder("dead")
    x = b.input("x", (1, 3))
    b.node("relu", [x], name="unused")
    state = b.state("s", np.zeros((1, 3), np.float32))
    b.next_state(state, b.node("add", [x, state], name="next"))
    graph = remove_dead_nodes(b.graph([b.node("relu6", [x])]))
    assert [node.name for node in graph.nodes] == ["next", "relu6"]


def test_same_pads() -> None:
    assert spatial.same_pads((6, 6), (3, 3), (2, 2)) == (0, 1, 0, 1)
    assert spatial.same_pads((7, 6), (3, 3), (2, 2)) == (1, 1, 0, 1)
    assert spatial.same_pads((49, 10), (10, 4), (2, 2)) == (4, 5, 1, 1)
    assert spatial.same_pads((8, 8), (3, 3), (1, 1), (2, 2)) == (2, 2, 2, 2)


# --- checks


def test_net_is_legal() -> None:
    assert broken_constraints(net()) == []


def changed(graph: Graph, name: str, /, **fields: Any) -> Graph:
    """The graph with fields of one value replaced."""
    value = replace(graph.values[name], **fields)
    return replace(graph, values={**graph.values, name: value})


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (changed(net(), "conv", name="other"), 'filed under the name "conv"'),
        (changed(net(), "conv", shape=(1, 6, 6, 5)), "graph says"),
        (changed(net(), "conv.b", dtype="int64"), "must be int64"),
        (changed(net(), "conv", quant=per_tensor(0.05, 128)), "is int8 with zero point 128"),
        (changed(net(), "conv.w", quant=per_channel([1.0] * 3, 0)), "has 3 scales, not 4"),
        (changed(net(), "conv.w", quant=per_channel([1.0], -1)), "scales along axis -1"),
        (changed(net(), "conv", quant=Quantization((1.0, 1.0), (0, 0))), "has 2 scales, not 1"),
        (replace(net(), level="float"), "in a graph at level float"),
        (replace(net(), level="lowered"), "has no kernel"),
        (replace(net(), nodes=net().nodes[1:]), "before anything makes it"),
        (replace(net(), nodes=net().nodes[:1] * 2), "made twice"),
        (replace(net(), outputs=("conv", "nothing")), r"nothing makes \['nothing'\]"),
        (replace(net(), inputs=("image", "nothing")), "nothing"),
        (changed(counter(), "after", shape=(1, 4)), "differ in type"),
        (replace(counter(), states=(replace(counter().states[0], next="x2"),)), "no next value"),
    ],
)
def test_broken_graphs_are_refused(graph: Graph, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        check_graph(graph)


def test_all_broken_rules_are_listed_at_once() -> None:
    graph = changed(net(), "conv", quant=None)
    with pytest.raises(UnsupportedError) as caught:
        check_graph(graph)
    assert 'conv2d "conv"' in str(caught.value)
    assert 'depthwise_conv2d "dw"' in str(caught.value)
    assert 'add "add"' in str(caught.value)


# --- the oracle


@pytest.mark.parametrize("n", [0, 1, 3, 130])
def test_many_samples_equal_one_by_one(n: int) -> None:
    graph, x = net(), images(n)
    merged = interpret_samples(graph, [x], keep=["conv", "add"])
    assert merged.outputs[0].shape == (n, 1, 3)
    for i in range(n):
        single = interpret(graph, [x[i]])
        np.testing.assert_array_equal(merged.outputs[0][i], single.outputs[0])
        for name in ("conv", "add"):
            np.testing.assert_array_equal(merged.values[name][i], single.values[name])


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_stacked_samples_are_independent(case: Any) -> None:
    graph = case.graph()
    inputs = case.inputs(graph)
    merged = interpret_samples(graph, inputs).outputs[0]
    for i in range(len(merged)):
        single = interpret(graph, [x[i] for x in inputs]).outputs[0]
        assert single.shape == graph.values[graph.outputs[0]].shape
        # BLAS may sum floats in another order for another number of rows
        np.testing.assert_allclose(merged[i], single, rtol=0, atol=case.tolerance)


def test_state_is_fresh_for_each_sample_or_carried_on() -> None:
    graph = counter()
    x = np.ones((4, 1, 3), np.float32)
    fresh = interpret_samples(graph, [x], keep=["after"])
    np.testing.assert_array_equal(fresh.outputs[0], x)
    steps = interpret_samples(graph, [x], stateful=True)
    np.testing.assert_array_equal(steps.outputs[0][:, 0, 0], [1, 2, 3, 4])
    np.testing.assert_array_equal(steps.state["total"], [[4, 4, 4]])
    again = interpret(graph, [x[0]], steps.state)
    np.testing.assert_array_equal(again.outputs[0], [[5, 5, 5]])
    np.testing.assert_array_equal(initial_state(graph)["total"], np.zeros((1, 3)))


def test_graphs_of_other_batch_sizes_run_one_by_one() -> None:
    b = Builder("two")
    x = b.input("x", (2, 3))
    graph = b.graph([b.node("softmax", [x])])
    data = RANDOM.normal(size=(3, 2, 3)).astype(np.float32)
    got = interpret_samples(graph, [data]).outputs[0]
    np.testing.assert_allclose(got.sum(axis=-1), 1, rtol=1e-6)
    assert got.shape == (3, 2, 3)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ([], "has 1 inputs"),
        ([np.zeros((2, 1, 6, 6, 2), np.int8)], "must be int8"),
        ([np.zeros((2, 1, 6, 6, 1), np.float32)], "got float32"),
    ],
)
def test_inputs_that_do_not_fit(inputs: list[np.ndarray], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        interpret_samples(net(), inputs)


# --- files


def assert_same(a: Graph, b: Graph) -> None:
    assert (a.name, a.inputs, a.outputs, a.level) == (b.name, b.inputs, b.outputs, b.level)
    assert list(a.values) == list(b.values)
    for name, value in a.values.items():
        other = b.values[name]
        assert (value.shape, value.dtype, value.quant) == (other.shape, other.dtype, other.quant)
        if value.data is None:
            assert other.data is None
        else:
            np.testing.assert_array_equal(value.data, other.data)
    for node, other_node in zip(a.nodes, b.nodes, strict=True):
        assert node.__dict__ == other_node.__dict__
    for state, other_state in zip(a.states, b.states, strict=True):
        assert (state.value, state.next) == (other_state.value, other_state.next)
        np.testing.assert_array_equal(state.initial, other_state.initial)


@pytest.mark.parametrize("graph", [net(), counter()], ids=["net", "counter"])
def test_round_trip(graph: Graph, tmp_path: Path) -> None:
    path = tmp_path / "g.iseul"
    save_graph(graph, path)
    assert_same(load_graph(path), graph)
    assert [file.name for file in tmp_path.iterdir()] == ["g.iseul"]


def test_every_case_survives_a_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "g.iseul"
    for case in all_cases():
        graph = case.graph()
        save_graph(graph, path)
        assert_same(load_graph(path), graph)


def test_same_graph_same_bytes(tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{i}.iseul" for i in range(3))
    save_graph(net(), first)
    save_graph(net(), second)
    save_graph(load_graph(first), third)
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()


def test_a_lowered_graph_keeps_its_kernels(tmp_path: Path) -> None:
    graph = net()
    nodes = [replace(node, kernel=f"iseul_{node.op}") for node in graph.nodes]
    lowered = rebuild(graph, nodes, level="lowered")
    save_graph(lowered, tmp_path / "g.iseul")
    assert_same(load_graph(tmp_path / "g.iseul"), lowered)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        load_graph(tmp_path / "missing.iseul")
    other = tmp_path / "model.xyz"
    other.write_bytes(b"")
    with pytest.raises(UsageError, match=r'no reader for "\.xyz"'):
        load_graph(other)
    folder = tmp_path / "folder.iseul"
    folder.mkdir()
    with pytest.raises(DataError):
        load_graph(folder)
    for text in (b"", b"ISEUL", files.MAGIC, b"GGUF" * 10, files.MAGIC + b"\xff" * 8):
        path = tmp_path / "bad.iseul"
        path.write_bytes(text)
        with pytest.raises(DataError, match=r"bad\.iseul"):
            load_graph(path)


FUZZ = settings(
    max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


def whole_file(tmp_path: Path, graph: Graph | None = None) -> bytes:
    path = tmp_path / "whole.iseul"
    if not path.exists():
        save_graph(graph or net(), path)
    return path.read_bytes()


def load_bytes(data: bytes, tmp_path: Path) -> Graph | None:
    """The graph, or None where loading raised DataError; any other error fails the test."""
    path = tmp_path / "broken.iseul"
    path.write_bytes(data)
    try:
        return load_graph(path)
    except DataError as error:
        assert "broken.iseul" in str(error)
        return None


@given(st.data())
@FUZZ
def test_cut_files(tmp_path: Path, data: st.DataObject) -> None:
    raw = whole_file(tmp_path)
    length = data.draw(st.integers(0, len(raw) - 1))
    assert load_bytes(raw[:length], tmp_path) is None


@given(st.data())
@FUZZ
def test_flipped_bytes(tmp_path: Path, data: st.DataObject) -> None:
    raw = bytearray(whole_file(tmp_path))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    graph = load_bytes(bytes(raw), tmp_path)
    if graph is not None:
        check_graph(graph)


def places(item: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [path] if path else []
    if isinstance(item, dict | list):
        for key, child in item.items() if isinstance(item, dict) else enumerate(item):
            found += places(child, (*path, key))
    return found


HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**31, -(2**31), 2**63, 2**64, -(2**63) - 1, 10**400, 1e39, 1e308, -0.0]),
    st.sampled_from(["", "conv", "image", "NaN", "int8", "float32", "int4", "bool", "conv2d"]),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-2, 2**33), max_size=9),
    st.sampled_from([[1e39], [[1]], [None], ["conv"], float("nan"), float("inf"), [float("nan")]]),
)


@given(st.data())
@FUZZ
@pytest.mark.parametrize("which", ["net", "counter"])
def test_hostile_headers(tmp_path: Path, which: str, data: st.DataObject) -> None:
    raw = whole_file(tmp_path, net() if which == "net" else counter())
    start = len(files.MAGIC) + 8
    (length,) = struct.unpack_from("<Q", raw, len(files.MAGIC))
    header = json.loads(raw[start : start + length])
    every = places(header)
    for _ in range(data.draw(st.integers(1, 2))):
        spot = data.draw(st.sampled_from(every))
        inner = header
        try:
            for key in spot[:-1]:
                inner = inner[key]
            if data.draw(st.booleans()):
                inner[spot[-1]] = copy.deepcopy(data.draw(HOSTILE))
            else:
                del inner[spot[-1]]
        except (KeyError, IndexError, TypeError):
            pass  # the first change removed the second place
    text = json.dumps(header).encode()
    text += b" " * (-(start + len(text)) % 16)
    packed = files.MAGIC + struct.pack("<Q", len(text)) + text + raw[start + length :]
    graph = load_bytes(packed, tmp_path)
    if graph is not None:
        run_if_small(graph)


def run_if_small(graph: Graph) -> None:
    """What was read is legal, so it runs, or says why not."""
    if sum(value.n_bytes for value in graph.values.values()) > 1 << 20:
        return
    shapes = [graph.values[name] for name in graph.inputs]
    inputs = [
        np.zeros((1, *v.shape), np.dtype(v.dtype if v.dtype != "int4" else "int8")) for v in shapes
    ]
    try:
        interpret_samples(graph, inputs)
    except IseulError:
        return


@pytest.mark.parametrize("scale", [1e39, -1e39, float("inf"), float("nan"), 0.0, -1.0])
def test_a_scale_that_is_no_positive_float32(tmp_path: Path, scale: float) -> None:
    raw = whole_file(tmp_path, net())
    start = len(files.MAGIC) + 8
    (length,) = struct.unpack_from("<Q", raw, len(files.MAGIC))
    header = json.loads(raw[start : start + length])
    quantized = next(value for value in header["values"] if value["quant"] is not None)
    quantized["quant"]["scale"][0] = scale
    text = json.dumps(header).encode()
    path = tmp_path / "hostile.iseul"
    path.write_bytes(files.MAGIC + struct.pack("<Q", len(text)) + text + raw[start + length :])
    with pytest.raises(DataError, match="scale"):
        load_graph(path)
