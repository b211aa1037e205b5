# SPDX-License-Identifier: Apache-2.0
"""Recurrent ops beside torch's own layers, their gradients, their rules, and passes over states."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cases._case import quant
from cases.lstm import CASES as LSTM_CASES
from iseul.compress.quantize import ptq
from iseul.core.errors import ShapeError, UnsupportedError
from iseul.graph.build import Builder
from iseul.graph.interpret import batchable, interpret, interpret_samples
from iseul.graph.ir import Graph
from iseul.graph.passes._order import run_passes
from iseul.graph.torch_run import GraphModule
from iseul.numerics import gate

BATCH, STEPS, N_IN, SIZE = 2, 5, 3, 4


def torch_layer(kind: type[nn.RNNBase], **more: Any) -> nn.RNNBase:
    torch.manual_seed(3)
    return kind(N_IN, SIZE, batch_first=True, **more)


def parts(tensor: torch.Tensor, order: tuple[int, ...]) -> list[np.ndarray]:
    """The gates' pieces of a parameter of torch, in our order."""
    pieces = tensor.detach().numpy().reshape(len(order), SIZE, -1)
    return [pieces[i] if pieces.shape[2] > 1 else pieces[i, :, 0] for i in order]


def as_graph(
    op: str, layer: nn.RNNBase, states: int, order: tuple[int, ...], **attrs: Any
) -> Graph:
    b = Builder(op)
    x = b.input("x", (1, STEPS, N_IN))
    first = [b.constant(f"s{i}", np.zeros((1, SIZE), np.float32)) for i in range(states)]
    w, r = parts(layer.weight_ih_l0, order), parts(layer.weight_hh_l0, order)
    c, d = parts(layer.bias_ih_l0, order), parts(layer.bias_hh_l0, order)
    if op == "gru":  # torch keeps both biases of the candidate
        biases = [c[0] + d[0], c[1] + d[1], c[2], d[2]]
    else:
        biases = [p + q for p, q in zip(c, d, strict=True)]
    constants = [b.constant("w", array) for array in (*w, *r, *biases)]
    y = b.node(op, [x, *first, *constants], **attrs)
    return b.graph(list(b.outputs_of(y)))


PAIRS = {
    "lstm": (nn.LSTM, 2, (0, 1, 2, 3), {}, {}),
    "gru": (nn.GRU, 1, (1, 0, 2), {}, {"linear_before_reset": True}),
    "rnn": (nn.RNN, 1, (0,), {}, {}),
    "rnn relu": (nn.RNN, 1, (0,), {"nonlinearity": "relu"}, {"function": "relu"}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_ops_are_those_of_torch(name: str) -> None:
    kind, states, order, layer_attrs, attrs = PAIRS[name]
    layer = torch_layer(kind, **layer_attrs)
    graph = as_graph(name.split(maxsplit=1)[0], layer, states, order, **attrs)
    x = np.random.default_rng(0).normal(size=(6, 1, STEPS, N_IN)).astype(np.float32)
    got = interpret_samples(graph, [x]).outputs
    assert batchable(graph)  # constant first states are shared by stacked samples
    with torch.no_grad():
        y, last = layer(torch.tensor(x[:, 0]))
    want = [y, *(last if isinstance(last, tuple) else (last,))]
    np.testing.assert_allclose(got[0][:, 0], want[0], atol=2e-6)
    for a, b in zip(got[1:], want[1:], strict=True):
        np.testing.assert_allclose(a[:, 0], b[0], atol=2e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_gradients_are_those_of_torch(name: str) -> None:
    kind, states, order, layer_attrs, attrs = PAIRS[name]
    layer = torch_layer(kind, **layer_attrs)
    module = GraphModule(as_graph(name.split(maxsplit=1)[0], layer, states, order, **attrs))
    x = torch.randn(BATCH, STEPS, N_IN, generator=torch.Generator().manual_seed(1))
    ours, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    module(ours)[0].square().sum().backward()
    layer(theirs)[0].square().sum().backward()
    assert ours.grad is not None and theirs.grad is not None
    np.testing.assert_allclose(ours.grad, theirs.grad, atol=1e-5)
    got = next(p.grad for key, p in module.learned().items() if key.startswith("w"))
    want = layer.weight_ih_l0.grad
    assert got is not None and want is not None
    np.testing.assert_allclose(got, want.reshape(len(order), SIZE, N_IN)[order[0]], atol=1e-5)


@pytest.mark.parametrize("case", LSTM_CASES[:3], ids=lambda case: case.name)
def test_fake_quantized_lstm_learns(case: Any) -> None:
    module = GraphModule(case.graph(), fake_quantize=True)
    shape = module.graph.values[module.graph.inputs[0]].shape
    y = module(torch.randn(shape, generator=torch.Generator().manual_seed(2)))[0]
    y.square().sum().backward()
    learned = module.learned()
    assert len(learned) == 12
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in learned.values())
    assert any(bool(p.grad.any()) for p in learned.values() if p.grad is not None)


# --- gates


def test_gates_are_near_the_reals() -> None:
    table = gate.logistic_table()
    q = np.arange(-32768, 32768)
    x = q / 4096
    seen = gate.tripled(q, -12)
    assert np.abs(gate.logistic_q15(seen, table) / 2**15 - 1 / (1 + np.exp(-x))).max() < 6e-5
    assert np.abs(gate.tanh_q15(seen, table) / 2**15 - np.tanh(x)).max() < 1.2e-4
    far = np.array([3 << 20, -3 << 20])
    assert gate.logistic_q15(far, table).tolist() == [32767, 1]
    assert gate.tanh_q15(far, table).tolist() == [32767, -32767]
    for power in (-15, -9, 0):
        close = np.tanh(np.clip(q * 2.0**power, -10, 10))
        assert np.abs(gate.tanh_q15(gate.tripled(q, power), table) / 2**15 - close).max() < 4e-4


# --- rules and shapes


def integer_lstm(**change: Any) -> Graph:
    b = Builder("rules")
    kind = change.get("kind", "int8")
    x = b.input("x", (1, 2, 3), kind, quant(0.05))
    q_h = quant(change.get("scale_hidden", 1 / 128), change.get("zero_hidden", 0))
    q_c = quant(change.get("scale_cell", 2.0**-11), change.get("zero_cell", 0))
    h = b.state("h", np.zeros((1, 2), change.get("hidden", kind)), q_h)
    c = b.state("c", np.zeros((1, 2), change.get("cell", "int16")), q_c)
    q_w = change.get("quant_w", quant(0.01))
    largest = change.get("largest", 1)
    matrices = [
        b.constant("w", np.full((2, n), largest, change.get("weights", np.int8)), quant=q_w)
        for n in (3, 3, 3, 3, 2, 2, 2, 2)
    ]
    q_b = change.get("quant_b", quant(0.05 * 0.01))
    bias = np.full(2, change.get("bias", 0), change.get("bias_kind", np.int32))
    biases = [b.constant("b", bias, quant=q_b) for _ in range(4)]
    y = b.node(
        "lstm",
        [x, h, c, *matrices, *biases],
        dtype=(kind, kind, "int16"),
        quant=(change.get("quant_y", q_h), q_h, q_c),
    )
    for state, after in zip((h, c), b.outputs_of(y)[1:], strict=True):
        b.next_state(state, after)
    return b.graph([y], "quantized")


def test_legal_lstm() -> None:
    assert integer_lstm().states
    assert integer_lstm(kind="int16", bias_kind=np.int64).states


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": np.int16}, '"w" is int16 where x is int8'),
        ({"bias_kind": np.int64}, '"b" is int64 where x is int8'),
        ({"kind": "int16"}, '"b" is int32 where x is int16'),
        ({"kind": "int16", "bias_kind": np.int64, "zero_hidden": 3}, "zero point 3"),
        ({"kind": "uint8"}, '"x" is uint8'),
        ({"quant_w": quant(0.01, 1)}, "weights have one scale each and zero point 0"),
        ({"quant_b": quant(0.7)}, '"b" has scale 0.7'),
        ({"quant_b": None}, '"b" has quantization None'),
        ({"quant_y": quant(0.3)}, "y and the states after the walk"),
        ({"scale_cell": 0.003}, "a power of two from 2^-15 to 1"),
        ({"scale_cell": 2.0**-16}, "a power of two"),
        ({"zero_cell": 1}, "zero point"),
        ({"scale_hidden": 2.0**-30}, "above 2^-29"),
        ({"bias": 2**31 - 1}, "sums reach"),
        ({"kind": "int16", "bias_kind": np.int64, "bias": 2**50}, "sums reach"),
    ],
)
def test_lstm_rules(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        integer_lstm(**change)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "shapes",
    [
        [(1, 2), (1, 2), (2, 3), (2, 2), (2,)],
        [(1, 4, 3), (1, 3), (2, 3), (2, 2), (2,)],
        [(1, 4, 3), (1, 2), (2, 4), (2, 2), (2,)],
        [(1, 4, 3), (1, 2), (2, 3), (2, 3), (2,)],
        [(1, 4, 3), (1, 2), (2, 3), (2, 2), (2, 1)],
        [(1, 4, 3), (1, 2), (2, 3), (2, 2)],
        [(1, 4, 3), (1, 0), (0, 3), (0, 0), (0,)],
    ],
)
def test_rnn_shapes(shapes: list[tuple[int, ...]]) -> None:
    b = Builder("bad")
    values = [b.input(f"v{i}", shape) for i, shape in enumerate(shapes)]
    with pytest.raises(ShapeError, match='rnn "here"'):
        b.node("rnn", values, name="here")


# --- passes and other stages


def float_svdf() -> Graph:
    b = Builder("svdf")
    draw = np.random.default_rng(0)
    x = b.input("x", (1, 3))
    state = b.state("s", np.zeros((1, 8), np.float32))
    feature = b.constant("f", draw.normal(size=(4, 3)).astype(np.float32))
    time = b.constant("t", draw.normal(size=(4, 2)).astype(np.float32))
    y = b.node("svdf", [x, state, feature, time])
    b.next_state(state, b.outputs_of(y)[1])
    return b.graph([b.node("relu", [y])])


def test_a_fused_relu_leaves_the_state_alone() -> None:
    graph = float_svdf()
    fused = run_passes(graph, None)
    assert [node.op for node in fused.nodes] == ["svdf"]
    x = np.random.default_rng(1).normal(size=(6, 1, 3)).astype(np.float32)
    want, got = (interpret_samples(g, [x], stateful=True) for g in (graph, fused))
    np.testing.assert_array_equal(got.outputs[0], want.outputs[0])
    np.testing.assert_array_equal(got.state["s"], want.state["s"])
    assert (want.outputs[0] == 0).any() and (want.state["s"] < 0).any()


def test_quantizing_a_graph_with_states_is_refused() -> None:
    x = np.zeros((2, 3), np.float32)
    with pytest.raises(UnsupportedError, match="try:"):
        ptq.apply(float_svdf(), x, ptq.Config())


def test_a_relu_behind_an_rnn_stays_out_of_it() -> None:
    b = Builder("rnn")
    x = b.input("x", (1, 3, 2))
    h = b.constant("h", np.full((1, 2), -1, np.float32))
    w, r = (b.constant(name, np.eye(2, dtype=np.float32)) for name in "wr")
    y = b.node("rnn", [x, h, w, r, b.constant("b", np.zeros(2, np.float32))], function="none")
    graph = b.graph([b.node("relu", [y])])
    passed = run_passes(graph, None)
    x_real = np.full((1, 3, 2), 0.25, np.float32)
    want = interpret(graph, [x_real]).outputs[0]
    np.testing.assert_array_equal(interpret(passed, [x_real]).outputs[0], want)
