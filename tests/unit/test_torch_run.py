# SPDX-License-Identifier: Apache-2.0
"""Graphs in torch: the integer judge, the trainable module, fake quantization."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch

from cases._case import Net, quant
from iseul.core.errors import ShapeError, UnsupportedError
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret_samples
from iseul.graph.ir import Graph, rebuild
from iseul.graph.torch_run import GraphModule, run_integers
from iseul.graph.verify import check_graph
from iseul.numerics.affine import dequantize, per_channel, per_tensor


def float_net() -> Graph:
    """Every weighted op, batch normalization, an uneven pad, pooling, a skip connection."""
    net = Net("float_net")
    x = net.input("image", (1, 8, 7, 2))
    x = net.node("pad", [x], pads=((0, 0), (0, 1), (1, 0), (0, 0)))
    y = net.node("conv2d", [x, net.reals("a.w", (4, 3, 3, 2), 0.2), net.reals("a.b", (4,))])
    stats = [net.constant(name, np.ones(4, np.float32)) for name in ("mean", "variance")]
    y = net.node("batch_norm", [y, net.reals("g", (4,)), net.reals("o", (4,)), *stats])
    y = net.node("relu6", [y])
    z = net.node("depthwise_conv2d", [y, net.reals("d.w", (1, 3, 3, 4), 0.3)], pads=(1, 1, 1, 1))
    y = net.node("add", [y, z], activation="relu")
    y = net.node("max_pool2d", [y])
    y = net.node("average_pool2d", [y], kernel_size=(3, 3), pads=(0, 0, 1, 0))
    y = net.node("reshape", [y], shape=(1, -1))
    n = net.values[y].shape[1]
    y = net.node("fully_connected", [y, net.reals("f.w", (3, n), 0.3), net.reals("f.b", (3,))])
    return net.graph([net.node("softmax", [y])])


def quantized_net(bias_quant: bool = False) -> Graph:
    """float in -> quantize -> conv (bias with or without stated scale), requantize -> float out."""
    b = Builder("quantized_net")
    random = np.random.default_rng(3)
    x = b.node("quantize", [b.input("x", (1, 5, 5, 2))], dtype="int8", quant=quant(0.02, 3))
    data = random.integers(-127, 128, (4, 3, 3, 2)).astype(np.int8)
    scales = np.array([0.004, 0.006, 0.01, 0.002])
    w = b.constant("w", data, quant=per_channel(scales, 0))
    stated = per_channel(np.float32(0.02) * np.float32(scales), 0) if bias_quant else None
    bias = b.constant("b", random.integers(-900, 900, 4).astype(np.int32), quant=stated)
    y = b.node("conv2d", [x, w, bias], activation="relu", quant=quant(0.05, -128))
    y = b.node("quantize", [y], quant=quant(0.07, -100), name="again")
    return b.graph([b.node("dequantize", [y], dtype="float32", name="out")], "quantized")


def reals(graph: Graph, n: int, seed: int = 0) -> np.ndarray:
    shape = graph.values[graph.inputs[0]].shape
    return np.random.default_rng(seed).normal(size=(n, *shape)).astype(np.float32)


def forward(module: GraphModule, x: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        got: np.ndarray = module(torch.tensor(x.reshape(-1, *x.shape[2:])))[0].numpy()
    return got


# --- the judge


def test_whole_nets_equal_numpy() -> None:
    for graph in (quantized_net(), quantized_net(bias_quant=True)):
        x = reals(graph, 70)
        np.testing.assert_array_equal(
            run_integers(graph, [x])[0], interpret_samples(graph, [x]).outputs[0]
        )


def test_float_nets_are_close() -> None:
    graph = float_net()
    x = reals(graph, 9)
    expected = interpret_samples(graph, [x]).outputs[0]
    # eight layers of float32 sums in another order
    np.testing.assert_allclose(run_integers(graph, [x])[0], expected, rtol=0, atol=1e-5)


def integer_counter() -> Graph:
    """total = total + x, with zero points and saturation."""
    b = Builder("counter")
    x = b.input("x", (1, 3), "int8", per_tensor(0.1, 4))
    total = b.state("total", np.full((1, 3), -7, np.int8), per_tensor(0.3, -7))
    after = b.node("add", [x, total], quant=per_tensor(0.3, -7), name="after")
    b.next_state(total, after)
    return b.graph([after], "quantized")


@pytest.mark.parametrize("stateful", [False, True])
def test_state(stateful: bool) -> None:
    graph = integer_counter()
    x = np.random.default_rng(1).integers(-128, 128, (20, 1, 3)).astype(np.int8)
    got = run_integers(graph, [x], stateful=stateful)[0]
    expected = interpret_samples(graph, [x], stateful=stateful).outputs[0]
    np.testing.assert_array_equal(got, expected)
    assert (got != run_integers(graph, [x], stateful=not stateful)[0]).any()


def test_no_samples() -> None:
    graph = quantized_net()
    assert run_integers(graph, [reals(graph, 0)])[0].shape == (0, 1, 3, 3, 4)


# --- the module on reals


@pytest.mark.parametrize("n", [1, 7])
def test_module_runs_any_batch(n: int) -> None:
    graph = float_net()
    x = reals(graph, n)
    got = forward(GraphModule(graph), x)
    expected = interpret_samples(graph, [x]).outputs[0].reshape(n, 3)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)


def test_convolutions_keep_nhwc_without_copies() -> None:
    net = Net("layout")
    x = net.input("x", (1, 6, 6, 4))
    y = net.node("conv2d", [x, net.reals("w", (8, 3, 3, 4))], pads=(1, 0, 1, 0))
    y = net.node("depthwise_conv2d", [y, net.reals("d", (1, 3, 3, 8))], pads=(1, 1, 1, 1))
    module = GraphModule(net.graph([y]))
    assert module(torch.zeros(2, 6, 6, 4))[0].is_contiguous()


def test_parameters_are_weights_and_not_statistics() -> None:
    module = GraphModule(float_net())
    assert set(module.learned()) == {"a.w", "a.b", "g", "o", "d.w", "f.w", "f.b"}
    module(torch.randn(4, 8, 7, 2))[0].square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters())


def test_module_gradients_are_right() -> None:
    """Against finite differences in float64, on a graph without kinks."""
    net = Net("smooth")
    x = net.input("x", (1, 5, 5, 2))
    y = net.node("conv2d", [x, net.reals("w", (3, 3, 3, 2)), net.reals("b", (3,))], stride=(2, 2))
    y = net.node("depthwise_conv2d", [y, net.reals("d", (1, 2, 2, 6))], pads=(0, 1, 1, 0))
    y = net.node("average_pool2d", [y], kernel_size=(2, 2), pads=(1, 0, 0, 0))
    module = GraphModule(net.graph([net.node("softmax", [y], beta=0.3)])).double()
    data = torch.randn(2, 5, 5, 2, dtype=torch.float64, requires_grad=True)
    weights = tuple(module.parameters())

    def function(x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        return module(x)[0].square().sum()

    assert torch.autograd.gradcheck(function, (data, *weights))


def test_training_learns_and_the_graph_keeps_it() -> None:
    graph = float_net()
    module = GraphModule(graph)
    x = torch.tensor(reals(graph, 64).reshape(-1, 8, 7, 2))
    y = (x.mean((1, 2, 3)) > 0).long()
    optimizer = torch.optim.Adam(module.parameters(), 0.01)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = torch.nn.functional.nll_loss(module(x)[0].clamp_min(1e-6).log(), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] * 0.7
    trained = module.to_graph()
    check_graph(trained)
    samples = x[:, None].numpy()
    got = interpret_samples(trained, [samples]).outputs[0].reshape(-1, 3)
    np.testing.assert_allclose(got, forward(module, samples), rtol=0, atol=1e-5)
    assert not np.array_equal(trained.values["a.w"].data, graph.values["a.w"].data)
    np.testing.assert_array_equal(trained.values["variance"].data, graph.values["variance"].data)


def test_modules_can_be_copied_and_restored() -> None:
    graph = float_net()
    module = GraphModule(graph)
    other = copy.deepcopy(module)
    with torch.no_grad():
        for p in module.parameters():
            p.mul_(1.5)
    x = reals(graph, 2)
    assert not np.array_equal(forward(module, x), forward(other, x))
    other.load_state_dict(module.state_dict())
    np.testing.assert_array_equal(forward(module, x), forward(other, x))


# --- fake quantization


@pytest.mark.parametrize("bias_quant", [False, True])
def test_every_integer_value_lies_on_its_grid(bias_quant: bool) -> None:
    graph = quantized_net(bias_quant)
    names = tuple(v.name for v in graph.values.values() if v.quant and not v.is_constant)
    assert len(names) == 3
    module = GraphModule(rebuild(graph, outputs=names), fake_quantize=True)
    x = torch.tensor(reals(graph, 3).reshape(-1, 5, 5, 2))
    with torch.no_grad():
        for name, got in zip(names, module(x), strict=True):
            q = graph.values[name].quant
            assert q is not None
            steps = got.double() / q.scale[0]
            assert (steps - steps.round()).abs().max() < 1e-4
            assert (steps.round() + q.zero_point[0]).min() >= -128
            assert (steps.round() + q.zero_point[0]).max() <= 127


@pytest.mark.parametrize("bias_quant", [False, True])
def test_fake_quantized_net_is_the_integer_net(bias_quant: bool) -> None:
    """Outputs agree but for values that two roundings put one step apart."""
    graph = quantized_net(bias_quant)
    x = reals(graph, 40)
    got = forward(GraphModule(graph, fake_quantize=True), x)
    expected = interpret_samples(graph, [x]).outputs[0].reshape(got.shape)
    apart = np.abs(got - expected) / 0.07
    assert apart.max() < 1.001
    assert (apart > 0.001).mean() < 0.02


def test_weights_are_rounded_to_their_channels_grid() -> None:
    graph = quantized_net()
    module = GraphModule(graph, fake_quantize=True)
    x = reals(graph, 4)
    before = forward(module, x)
    scales = torch.tensor([0.004, 0.006, 0.01, 0.002]).reshape(4, 1, 1, 1)
    with torch.no_grad():
        module.learned()["w"].add_(0.4 * scales)  # less than half a step: rounds back
    np.testing.assert_array_equal(forward(module, x), before)
    with torch.no_grad():
        module.learned()["w"].add_(0.4 * scales)  # now more than half
    assert not np.array_equal(forward(module, x), before)


def test_gradient_passes_straight_through_but_not_where_clamped() -> None:
    b = Builder("clamp")
    x = b.node("quantize", [b.input("x", (1, 4))], dtype="int8", quant=per_tensor(0.5, 0))
    module = GraphModule(b.graph([x], "quantized"), fake_quantize=True)
    data = torch.tensor([[0.3, -63.9, 63.9, -70.0]], requires_grad=True)
    out = module(data)[0]
    assert out.tolist() == [[0.5, -64.0, 63.5, -64.0]]
    out.sum().backward()
    assert data.grad is not None
    assert data.grad.tolist() == [[1.0, 1.0, 0.0, 0.0]]


def test_quantization_aware_training_moves_the_weights() -> None:
    graph = quantized_net()
    module = GraphModule(graph, fake_quantize=True)
    x = torch.tensor(reals(graph, 16).reshape(-1, 5, 5, 2))
    other = copy.deepcopy(module)
    with torch.no_grad():
        other.learned()["b"].add_(0.5)
        target = other(x)[0]
    optimizer = torch.optim.Adam(module.parameters(), 0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = (module(x)[0] - target).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_quantized_graph_back_to_reals() -> None:
    graph = quantized_net()
    module = GraphModule(graph)
    made = module.to_graph()
    check_graph(made)
    assert made.level == "float"
    assert [node.op for node in made.nodes] == ["conv2d"]
    assert all(v.is_float and v.quant is None for v in made.values.values())
    w = graph.values["w"]
    assert w.data is not None
    assert w.quant is not None
    np.testing.assert_array_equal(made.values["w"].data, dequantize(w.data, w.quant))
    x = reals(graph, 3)
    got = interpret_samples(made, [x]).outputs[0].reshape(3, 3, 3, 4)
    np.testing.assert_allclose(got, forward(module, x), rtol=0, atol=1e-6)


def test_state_of_a_quantized_graph() -> None:
    module = GraphModule(integer_counter(), fake_quantize=True)
    out = module(torch.zeros(5, 3))[0]
    assert out.shape == (5, 3)
    assert out.abs().max() == 0
    made = module.to_graph()
    check_graph(made)
    np.testing.assert_array_equal(made.states[0].initial, np.zeros((1, 3), np.float32))


# --- errors


@pytest.mark.parametrize("shape", [(2, 5, 5, 3), (2, 5, 5), (5, 5, 2)])
def test_inputs_that_do_not_fit(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match=r'input "x": got .* must be \[B, 5, 5, 2\]'):
        GraphModule(quantized_net())(torch.zeros(shape))


def test_number_of_inputs() -> None:
    with pytest.raises(ShapeError, match="has 1 inputs, got 2 tensors"):
        GraphModule(quantized_net())(*[torch.zeros(1, 5, 5, 2)] * 2)


def test_graphs_with_a_batch_of_their_own_take_only_that() -> None:
    b = Builder("two")
    graph: Any = b.graph([b.node("relu", [b.input("x", (2, 3))])])
    assert GraphModule(graph)(torch.zeros(2, 3))[0].shape == (2, 3)
    with pytest.raises(UnsupportedError, match="must be 2"):
        GraphModule(graph)(torch.zeros(4, 3))
