# SPDX-License-Identifier: Apache-2.0
"""States in `.tflite` files: variable tensors, variables with names, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iseul.core.errors import DataError, UnsupportedError
from iseul.graph.files import load_graph, save_graph
from iseul.graph.interpret import interpret, interpret_samples
from iseul.graph.ir import Graph
from iseul.graph.read import tflite
from iseul.graph.read._tflite.recurrent import SequenceRNNOptions, UnidirectionalSequenceLSTMOptions
from iseul.graph.read._tflite.variable import CallOnceOptions
from tflm import recurrent
from tflm.variables import handle
from unit._tflite_bytes import Model

VARIABLE = ("u1", 1)
LSTM = UnidirectionalSequenceLSTMOptions
Q = {"scale": 0.5, "zero_point": -7}


def read(tmp_path: Path, net: Model, inputs: list[int], outputs: list[int]) -> Graph:
    path = tmp_path / "model.tflite"
    path.write_bytes(net.encode(inputs, outputs))
    return tflite.read(path)


def refused(tmp_path: Path, net: Model, inputs: list[int], outputs: list[int]) -> str:
    with pytest.raises(UnsupportedError) as caught:
        read(tmp_path, net, inputs, outputs)
    assert "try:" in str(caught.value)
    return str(caught.value)


# --- variable tensors


def lstm(**change: Any) -> tuple[Model, list[int], int]:
    """A float LSTM of 2 units on 3 inputs: (model, tensors of its inputs, of its output)."""
    net = Model()
    x = net.tensor((1, 4, 3), "float32", name="x")
    weights = [net.tensor((2, 3), "float32", data=np.ones((2, 3))) for _ in range(4)]
    weights += [net.tensor((2, 2), "float32", data=np.ones((2, 2))) for _ in range(4)]
    biases = [net.tensor((2,), "float32", data=np.zeros(2)) for _ in range(4)]
    states = [net.tensor((1, 2), "float32", name=n, f5=VARIABLE) for n in ("hidden", "cell")]
    inputs = [x, *weights, -1, -1, -1, *biases, -1, -1, *states, -1, -1, -1, -1]
    for i, tensor in change.get("inputs", {}).items():
        inputs[i] = net.tensor(*tensor[0], **tensor[1]) if isinstance(tensor, tuple) else tensor
    y = net.tensor((1, 4, 2), "float32", name="y")
    options = {LSTM.ACTIVATION: ("i1", 4), **change.get("options", {})}
    net.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [y], options, LSTM.UNION)
    return net, inputs, y


def test_variable_tensors_become_states(tmp_path: Path) -> None:
    net, inputs, y = lstm()
    graph = read(tmp_path, net, inputs[:1], [y])
    assert [(s.value, s.next) for s in graph.states] == [
        ("hidden", "hidden_next"),
        ("cell", "cell_next"),
    ]
    node = graph.nodes[0]
    assert node.inputs[:3] == ("x", "hidden", "cell")
    assert node.outputs == ("y", "hidden_next", "cell_next")
    assert not any(state.initial.any() for state in graph.states)


def test_a_state_that_is_an_output_is_what_it_has_become(tmp_path: Path) -> None:
    net, inputs, y = lstm()
    graph = read(tmp_path, net, inputs[:1], [y, inputs[18]])
    assert graph.outputs == ("y", "hidden_next")
    result = interpret(graph, [np.ones((1, 4, 3), np.float32)])
    np.testing.assert_array_equal(result.outputs[0][:, -1], result.outputs[1])


def test_two_ops_on_one_variable_follow_each_other(tmp_path: Path) -> None:
    """As TensorFlow Lite's ops write variables in place."""
    net, inputs, y = lstm()
    twice = net.tensor((1, 4, 2), "float32", name="z")
    options = {LSTM.ACTIVATION: ("i1", 4)}
    net.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, [twice], options, LSTM.UNION)
    graph = read(tmp_path, net, inputs[:1], [y, twice])
    first, second = graph.nodes
    assert second.inputs[1:3] == first.outputs[1:]
    assert [state.next for state in graph.states] == list(second.outputs[1:])


def test_integers_start_at_their_zero_point(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    single = recurrent.CASES["lstm_s8"](rng)
    graph = read(tmp_path, single.model, single.inputs, single.outputs)
    hidden, cell = graph.states
    quant = graph.values[hidden.value].quant
    assert quant is not None and (hidden.initial == quant.zero_point[0]).all()
    assert cell.initial.dtype == np.int16 and not cell.initial.any()


def test_a_graph_with_states_goes_through_a_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    single = recurrent.CASES["svdf_state_s8"](rng)
    graph = read(tmp_path, single.model, single.inputs, single.outputs)
    save_graph(graph, tmp_path / "model.iseul")
    again = load_graph(tmp_path / "model.iseul")
    x = rng.integers(-128, 128, (5, *graph.values[graph.inputs[0]].shape)).astype(np.int8)
    want, got = (interpret_samples(g, [x], stateful=True) for g in (graph, again))
    np.testing.assert_array_equal(got.outputs[0], want.outputs[0])
    assert (want.outputs[0] != interpret_samples(graph, [x]).outputs[0]).any()


FLOAT = (2,), "float32"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": {9: (FLOAT, {"data": np.ones(2)})}}, "peephole"),
        ({"inputs": {16: (((2, 2), "float32"), {"data": np.ones((2, 2))})}}, "projection"),
        ({"inputs": {20: (FLOAT, {"data": np.ones(2)})}}, "layer normalization"),
        ({"inputs": {1: -1, 5: -1}}, "no input gate"),
        ({"inputs": {18: (((1, 2), "float32"), {"data": np.ones((1, 2))})}}, "no variable"),
        ({"options": {LSTM.ACTIVATION: ("i1", 1)}}, "the activation is RELU"),
        ({"options": {LSTM.DIAGONAL: ("u1", 1)}}, "diagonal"),
        ({"inputs": {2: (((2, 3), "int8"), {"data": np.ones((2, 3)), "scale": 0.1})}}, "int8"),
    ],
)
def test_lstm_variants_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    net, inputs, y = lstm(**change)
    assert message in refused(tmp_path, net, inputs[:1], [y])


def test_a_negative_clip_is_no_sound_file(tmp_path: Path) -> None:
    net, inputs, y = lstm(options={LSTM.CELL_CLIP: ("f4", -1.0)})
    with pytest.raises(DataError, match="cell clip"):
        read(tmp_path, net, inputs[:1], [y])


def test_bidirectional_layers_are_refused(tmp_path: Path) -> None:
    net = Model()
    x, y = net.tensor((1, 2, 3), "float32"), net.tensor((1, 2, 4), "float32")
    net.operator("BIDIRECTIONAL_SEQUENCE_LSTM", [x], [y])
    assert "two LSTM layers" in refused(tmp_path, net, [x], [y])


def test_variables_that_nothing_writes_are_refused(tmp_path: Path) -> None:
    net = Model()
    x = net.tensor((1, 3), "float32")
    kept = net.tensor((1, 3), "float32", name="kept", f5=VARIABLE)
    y = net.tensor((1, 3), "float32")
    net.operator("ADD", [x, kept], [y], {0: ("i1", 0)}, 11)
    assert '"kept" is a variable, but no op writes it' in refused(tmp_path, net, [x], [y])


def test_variables_that_are_inputs_are_refused(tmp_path: Path) -> None:
    net, inputs, y = lstm()
    message = refused(tmp_path, net, [inputs[0], inputs[18]], [y])
    assert '"hidden" is a variable, but is an input too' in message


def test_rnn(tmp_path: Path) -> None:
    net = Model()
    x = net.tensor((1, 3, 2), "float32")
    w = net.tensor((2, 2), "float32", data=[[1.0, 0.0], [0.0, 1.0]])
    r = net.tensor((2, 2), "float32", data=[[0.5, 0.0], [0.0, 0.25]])
    b = net.tensor((2,), "float32", data=[0.0, 1.0])
    h = net.tensor((1, 2), "float32", f5=VARIABLE)
    y = net.tensor((1, 3, 2), "float32")
    options = {SequenceRNNOptions.ACTIVATION: ("i1", 3)}
    net.operator("UNIDIRECTIONAL_SEQUENCE_RNN", [x, w, r, b, h], [y], options, 31)
    graph = read(tmp_path, net, [x], [y])
    steps = np.array([[[1, 1], [2, -9], [8, 1]]], np.float32)
    out = interpret(graph, [steps]).outputs[0]
    np.testing.assert_array_equal(out, [[[1, 2], [2.5, 0], [6, 2]]])  # relu6


# --- variables with names


def delay(**change: Any) -> tuple[Model, int, int]:
    """y is x of the invoke before; at first 1, 2, 3."""
    net = Model()
    x = net.tensor((1, 3), **Q, name="x")
    first = net.subgraph()
    value = first.tensor((1, 3), **Q, data=[[1, 2, 3]])
    if "compute" in change:
        made = first.tensor((1, 3), **Q)
        first.operator("RELU", [value], [made])
        value = made
    kept = handle(first, "kept")
    first.operator("ASSIGN_VARIABLE", [kept, value], [], {}, 113)
    number = handle(net, "kept") if change.get("late") else None
    y = net.tensor(change.get("shape", (1, 3)), change.get("dtype", "int8"), **Q, name="y")
    if number is not None:
        net.operator("READ_VARIABLE", [number], [y], {}, 112)
    options = {CallOnceOptions.INIT_SUBGRAPH_INDEX: ("i4", change.get("index", 1))}
    net.operator("CALL_ONCE", [], [], options, CallOnceOptions.UNION)
    if number is None:
        number = handle(net, "kept")
        net.operator("READ_VARIABLE", [number], [y], {}, 112)
    net.operator("ASSIGN_VARIABLE", [number, x], [], {}, 113)
    return net, x, y


def test_variables_are_states(tmp_path: Path) -> None:
    net, x, y = delay()
    graph = read(tmp_path, net, [x], [y])
    (state,) = graph.states
    assert (state.value, state.next, state.initial.tolist()) == ("kept", "x", [[1, 2, 3]])
    steps = np.arange(12).astype(np.int8).reshape(4, 1, 3)
    out = interpret_samples(graph, [steps], stateful=True).outputs[0]
    np.testing.assert_array_equal(out[0], [[1, 2, 3]])
    np.testing.assert_array_equal(out[1:], steps[:-1])
    assert not any("resource" in value.dtype for value in graph.values.values())


def test_a_variable_that_is_only_read_is_a_constant(tmp_path: Path) -> None:
    net, x, y = delay()
    net.operators.pop()
    z = net.tensor((1, 3), **Q)
    net.operator("ADD", [x, y], [z], {0: ("i1", 0)}, 11)
    graph = read(tmp_path, net, [x], [z])
    assert graph.states == () and graph.values["kept"].data is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"compute": True}, "its subgraph has a RELU"),
        ({"late": True}, "used before it gets its first value"),
        ({"shape": (3, 1)}, "is int8[1, 3]"),
        ({"dtype": "int16"}, "read as int16"),
    ],
)
def test_variables_that_are_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    net, x, y = delay(**change)
    assert message in refused(tmp_path, net, [x], [y])


@pytest.mark.parametrize("index", [0, 2, -1])
def test_a_subgraph_that_is_not_there(tmp_path: Path, index: int) -> None:
    net, x, y = delay(index=index)
    with pytest.raises(DataError, match="subgraph"):
        read(tmp_path, net, [x], [y])


def test_what_is_no_handle(tmp_path: Path) -> None:
    net = Model()
    x, y = net.tensor((1, 3), **Q), net.tensor((1, 3), **Q)
    number = net.tensor((1,), "resource")
    net.operator("READ_VARIABLE", [number], [y], {}, 112)
    with pytest.raises(DataError, match="no handle"):
        read(tmp_path, net, [x], [y])


def test_subgraphs_that_nothing_calls_are_refused(tmp_path: Path) -> None:
    net, x, y = delay()
    net.subgraph()
    assert "has 3 subgraphs" in refused(tmp_path, net, [x], [y])


@pytest.mark.parametrize("kind", ["IF", "WHILE", "CALL"])
def test_control_flow_is_refused(tmp_path: Path, kind: str) -> None:
    net = Model()
    x, y = net.tensor((1, 3), **Q), net.tensor((1, 3), **Q)
    net.operator(kind, [x], [y])
    net.subgraph()
    message = refused(tmp_path, net, [x], [y])
    assert f"no reader for {kind}" in message and "control flow" in message
