# SPDX-License-Identifier: Apache-2.0
"""Intervals of channels hold for every input, and what they allow to remove changes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cases._case import Net, quant
from device._random_nets import random_chain, random_net
from iseul.core import registry
from iseul.graph.files import load_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.ir import DType, Graph, frozen_array, rebuild
from iseul.graph.passes import remove_dead_channels
from iseul.graph.passes._order import run_passes
from iseul.graph.ranges import channel_intervals
from iseul.graph.verify import check_graph
from iseul.numerics.affine import per_channel

DATA = Path(os.environ.get("ISEUL_DATA", Path(__file__).parents[2] / "../shared/data"))
VWW = DATA / "models" / "tflite" / "mlperf_vww_mbv1_025_96_int8.tflite"


def with_dead_channels(graph: Graph, seed: int) -> Graph:
    """The graph with some weights zeroed and some biases far below or above what ReLU opens."""
    rng = np.random.default_rng([seed, 77])
    values = []
    for node in graph.nodes:
        if node.op not in ("conv2d", "depthwise_conv2d", "fully_connected"):
            continue
        weights = graph.values[node.inputs[1]]
        assert weights.data is not None
        data = np.array(weights.data)
        axis = 3 if node.op == "depthwise_conv2d" else 0
        rows = np.moveaxis(data, axis, 0)
        rows[rng.random(len(rows)) < 0.3] = 0
        if node.op != "depthwise_conv2d":
            data[..., rng.random(data.shape[-1]) < 0.3] = 0
        values.append(replace(weights, data=frozen_array(data)))
        if len(node.inputs) > 2:
            bias = graph.values[node.inputs[2]]
            assert bias.data is not None
            shift = np.where(rng.random(bias.shape) < 0.4, rng.choice([-1, 1]) * 2_000_000, 0)
            values.append(replace(bias, data=frozen_array((bias.data + shift).astype(np.int32))))
    return rebuild(graph, graph.nodes, values)


def samples(graph: Graph, n: int, seed: int) -> list[np.ndarray]:
    """Random samples, and those of each end of the range."""
    rng = np.random.default_rng([seed, 3])
    found = []
    for name in graph.inputs:
        x = rng.integers(-128, 128, (n, *graph.values[name].shape)).astype(np.int8)
        x[0], x[1] = -128, 127
        found.append(x)
    return found


@pytest.mark.parametrize("make", [random_net, random_chain])
@pytest.mark.parametrize("seed", range(40))
def test_values_stay_in_their_intervals_and_dead_channels_go(
    seed: int, make: Callable[[int], Graph]
) -> None:
    graph = with_dead_channels(make(seed), seed)
    inputs = samples(graph, 6, seed)
    names = [node.outputs[0] for node in graph.nodes]
    before = interpret_samples(graph, inputs, keep=names)
    for name, interval in channel_intervals(graph).items():
        if name in before.values:
            rows = before.values[name].reshape(-1, before.values[name].shape[-1]).astype(int)
            assert (rows >= interval.low).all() and (rows <= interval.high).all(), name
    small = remove_dead_channels.rewrite(graph, None)
    check_graph(small)
    after = interpret_samples(small, inputs)
    for a, b in zip(before.outputs, after.outputs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_many_chains_lose_channels() -> None:
    """The property above says something: most of these nets get smaller."""
    smaller = 0
    for seed in range(40):
        graph = with_dead_channels(random_chain(seed), seed)
        smaller += remove_dead_channels.rewrite(graph, None) is not graph
    assert smaller >= 25


def chain(pads: tuple[int, int, int, int], bias: int, activation: str = "relu") -> Graph:
    """A conv whose channel 1 is constant, read by a 3x3 conv with these pads."""
    net = Net("chain")
    x = net.int8((1, 6, 6, 2), 0.05, 3)
    w = np.zeros((3, 1, 1, 2), np.int8)
    w[0], w[2] = 50, -20
    weights = net.constant("w", w, quant=per_channel([0.01] * 3, 0))
    b = net.constant("b", np.array([0, bias, 0], np.int32))
    out = quant(0.05, -128 if activation == "relu" else -5)
    y = net.node("conv2d", [x, weights, b], quant=out, activation=activation, name="first")
    wide = net.weights((4, 3, 3, 3), 0)
    z = net.node("conv2d", [y, wide, net.bias(4)], quant=quant(0.2, 1), pads=pads, name="second")
    return net.graph([z], "quantized")


@pytest.mark.parametrize(
    ("pads", "bias", "activation", "channels"),
    [
        ((0, 0, 0, 0), 12_000, "none", 2),  # constant, folded into the second bias
        ((1, 1, 1, 1), 12_000, "none", 3),  # padding is not that constant: it stays
        ((1, 1, 1, 1), -12_000, "relu", 2),  # constant at the zero point: padding is the same
    ],
)
@pytest.mark.parametrize("kind", ["int8", "int4"])
def test_constants_fold_only_where_padding_allows(
    kind: DType, pads: tuple[int, int, int, int], bias: int, activation: str, channels: int
) -> None:
    graph = chain(pads, bias, activation)
    if kind == "int4":
        graph = rebuild(
            graph,
            graph.nodes,
            [
                replace(v, dtype=kind, data=frozen_array(np.clip(v.data, -8, 7)))
                for v in graph.values.values()
                if v.data is not None and v.dtype == "int8"
            ],
        )
        check_graph(graph)
    small = remove_dead_channels.rewrite(graph, None)
    check_graph(small)
    assert [small.io(node).inputs[1].dtype for node in small.nodes] == [kind, kind]
    assert small.values["first"].shape[-1] == channels
    assert small.values["second"].shape == graph.values["second"].shape
    inputs = samples(graph, 20, 1)
    np.testing.assert_array_equal(
        interpret_samples(graph, inputs).outputs[0], interpret_samples(small, inputs).outputs[0]
    )


@pytest.mark.skipif(not VWW.is_file(), reason="no models beside the repository; set ISEUL_DATA")
def test_visual_wake_words_loses_half_its_work() -> None:
    graph = run_passes(load_graph(VWW), None)
    small = remove_dead_channels.rewrite(graph, None)

    def work(g: Graph) -> tuple[int, int]:
        macs = weights = 0
        for node in g.nodes:
            op = registry.load("iseul.graph.ops", node.op)
            macs += op.macs(node.attrs, g.io(node)) if hasattr(op, "macs") else 0
            weights += sum(
                v.n_elements for v in g.io(node).inputs if v.dtype == "int8" and v.data is not None
            )
        return macs, weights

    assert work(small)[0] < 3.8e6 and work(small)[1] < 31_000
    inputs = samples(graph, 8, 2)
    np.testing.assert_array_equal(
        interpret_samples(graph, inputs).outputs[0], interpret_samples(small, inputs).outputs[0]
    )
