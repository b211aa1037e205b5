# SPDX-License-Identifier: Apache-2.0
"""Compression on small networks: coupling, pruning, fine-tuning, int8, and extreme weights."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as f

from iseul.compress import _observers as observers
from iseul.compress import _weights as weights
from iseul.compress._coupling import count_macs, cut_channels, find_coupling
from iseul.compress._result import Calibration
from iseul.compress.finetune import Config as FinetuneConfig
from iseul.compress.finetune import as_module, finetune
from iseul.compress.prune import channels
from iseul.compress.quantize import ptq
from iseul.core.errors import BudgetError, DataError, ShapeError, UnsupportedError
from iseul.data._batch import Splits, to_real
from iseul.data.sets import digits
from iseul.graph.build import Builder
from iseul.graph.files import load_graph, save_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.ir import constant, rebuild
from iseul.graph.read.torch_export import export_module
from iseul.graph.torch_run import run_integers
from iseul.graph.verify import check_graph
from iseul.models._seed import seeded
from iseul.numerics.affine import dequantize, per_tensor, quantize
from iseul.train import evaluate, loop

if TYPE_CHECKING:
    from pathlib import Path

    from iseul.graph.ir import Graph
    from iseul.numerics import Array

RNG = np.random.default_rng(11)


class Net(nn.Module):
    """Every kind of coupling: residual add, depthwise, pools, flatten of a picture."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 12, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(12)
        self.conv2 = nn.Conv2d(12, 12, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(12)
        self.depthwise = nn.Conv2d(12, 12, 3, stride=2, padding=1, groups=12, bias=False)
        self.norm3 = nn.BatchNorm2d(12)
        self.pointwise = nn.Conv2d(12, 24, 1, bias=False)
        self.norm4 = nn.BatchNorm2d(24)
        self.linear = nn.Linear(24 * 2 * 2, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = f.relu(self.norm1(self.conv1(x)))
        x = f.relu(self.norm2(self.conv2(x)) + x)
        x = f.relu6(self.norm3(self.depthwise(x)))
        x = f.max_pool2d(f.relu(self.norm4(self.pointwise(x))), 2)
        return self.linear(x.flatten(1))


@dataclass(frozen=True)
class Trained:
    splits: Splits
    module: nn.Module
    graph: Graph
    accuracy: float

    @property
    def calibration(self) -> Calibration:
        train = self.splits.train
        return Calibration(train.x[:256], train.y[:256], self.splits.scale)

    @property
    def x_real(self) -> Array:
        return to_real(self.splits.train.x[:256], self.splits.scale)

    @property
    def sensor(self) -> Any:
        return per_tensor(self.splits.scale, -128)


@pytest.fixture(scope="module")
def trained() -> Trained:
    splits = digits.load(digits.Config())
    module = seeded(Net, 0)
    loop.fit(module, splits.train, splits.scale, loop.Config(epochs=8, batch=64), 0)
    graph = export_module(module, (1, 8, 8), "digits", softmax=True)
    logits = evaluate.logits_of(module, splits.test, splits.scale)
    return Trained(splits, module, graph, evaluate.accuracy(logits, splits.test.y))


def accuracy(graph: Graph, splits: Splits) -> float:
    """Share right on the test set, by the oracle, from the raw integers a sensor gives."""
    test = splits.test
    if graph.values[graph.inputs[0]].is_float:
        x: Array = to_real(test.x, splits.scale)
    else:
        x = (test.x.astype(np.int16) - 128).astype(np.int8)
    outputs = interpret_samples(graph, [x[:, None]]).outputs[0]
    return float((outputs.reshape(len(x), -1).argmax(1) == test.y).mean())


def macs(graph: Graph) -> int:
    return sum(count_macs(graph).values())


def test_the_network_learns_and_its_graph_is_the_same(trained: Trained) -> None:
    assert trained.accuracy > 0.9
    assert accuracy(trained.graph, trained.splits) == trained.accuracy
    logits = evaluate.logits_of(trained.module, trained.splits.test, trained.splits.scale)
    again = evaluate.logits_of(as_module(trained.graph), trained.splits.test, trained.splits.scale)
    np.testing.assert_allclose(again, logits, atol=1e-5 * np.abs(logits).max())


# --- coupling


def families(graph: Graph) -> dict[tuple[str, ...], int]:
    coupling = find_coupling(graph)
    return {
        makers: len(family)
        for makers, family in zip(coupling.makers, coupling.families, strict=True)
    }


def test_residual_add_couples_both_sides_and_the_output_is_frozen(trained: Trained) -> None:
    assert families(trained.graph) == {("conv1", "conv2"): 12, ("pointwise",): 24}


def test_flatten_cuts_every_place_of_a_channel(trained: Trained) -> None:
    coupling = find_coupling(trained.graph)
    channel = coupling.families[coupling.makers.index(("pointwise",))][5]
    cut = next(c for c in coupling.cuts if c.constant == "linear.weight" and c.axis == 1)
    # the flattened order is H, W, C: channel 5 of each of the 2 x 2 places
    np.testing.assert_array_equal(np.flatnonzero(cut.classes == channel), [5, 29, 53, 77])


def test_cutting_a_channel_equals_setting_it_to_zero(trained: Trained) -> None:
    """The proof of the coupling: what is cut contributes nothing else."""
    coupling = find_coupling(trained.graph)
    keep = np.ones(coupling.n_classes, bool)
    for family in coupling.families:
        keep[RNG.choice(family, len(family) // 3, replace=False)] = False
    smaller = cut_channels(trained.graph, coupling, keep)
    zeroed = {value.name: np.array(value.data) for value in trained.graph.constants}
    for cut in coupling.cuts:
        np.moveaxis(zeroed[cut.constant], cut.axis, 0)[~keep[cut.classes]] = 0
    same = rebuild(trained.graph, values=[constant(n, a) for n, a in zeroed.items()])
    x = trained.x_real[:16, None]
    expected, got = (interpret_samples(g, [x]).outputs[0] for g in (same, smaller))
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert macs(smaller) < macs(trained.graph) / 2


def test_coupling_of_odd_graphs() -> None:
    """Channel pads, depthwise multipliers, constant addends, shared weights, reshapes."""
    b = Builder("odd")
    x = b.input("x", (1, 4, 4, 3))

    def reals(*shape: int) -> str:
        return b.constant("c", RNG.standard_normal(shape, dtype=np.float32))

    first = b.node("conv2d", [x, reals(4, 1, 1, 3)], name="first")
    wide = b.node("depthwise_conv2d", [first, reals(1, 1, 1, 8)], name="wide")
    shared = reals(8, 1, 1, 8)
    y = b.node("conv2d", [wide, shared, reals(8)], name="y")
    z = b.node("conv2d", [y, shared, reals(8)], name="z")
    z = b.node("add", [z, reals(8)])
    padded = b.node("pad", [z], pads=((0, 0), (0, 0), (0, 0), (1, 2)))
    last = b.node("conv2d", [padded, reals(6, 1, 1, 11)], name="last")
    mixed = b.node("reshape", [last], shape=(1, 32, 3))
    out = b.node("fully_connected", [mixed, reals(2, 96)], name="out")
    graph = b.graph([out])
    coupling = find_coupling(graph)
    found = {m: len(c) for m, c in zip(coupling.makers, coupling.families, strict=True)}
    # shared weights read what they make: wide's 2 outputs per channel of first, y and z are one
    assert found == {("first", "y", "z"): 4}
    keep = np.ones(coupling.n_classes, bool)
    keep[coupling.families[0][1]] = False
    smaller = cut_channels(graph, coupling, keep)
    assert smaller.values["first"].shape[-1] == 3 and smaller.values["z"].shape[-1] == 6
    assert smaller.values["pad"].shape[-1] == 9 and smaller.values["last"].shape[-1] == 6


def test_states_and_outputs_are_never_cut() -> None:
    b = Builder("recurrent")
    x = b.input("x", (1, 4))
    h = b.state("h", np.zeros((1, 6), np.float32))
    w = b.constant("w", RNG.standard_normal((6, 4), dtype=np.float32))
    y = b.node("add", [b.node("fully_connected", [x, w]), h])
    b.next_state(h, y)
    v = b.constant("v", RNG.standard_normal((3, 6), dtype=np.float32))
    graph = b.graph([b.node("fully_connected", [y, v])])
    assert families(graph) == {}


# --- pruning


@pytest.mark.parametrize("score", ["taylor", "magnitude", "geometric_median"])
@pytest.mark.parametrize("sparsity", [0.3, 0.6])
def test_pruning_removes_what_is_asked_and_stays_legal(
    trained: Trained, score: Any, sparsity: float
) -> None:
    config = channels.Config(sparsity=sparsity, score=score, round_to=2)
    result = channels.apply(trained.graph, trained.calibration, config)
    left = macs(result.graph) / macs(trained.graph)
    # the last bundle, two channels of the coupled pair, can be a quarter of all MACs
    assert 1 - sparsity - 0.25 < left <= 1 - sparsity
    check_graph(result.graph)
    assert result.graph.values[result.graph.outputs[0]].shape == (1, 10)
    for row in result.table:
        assert row["channels_after"] == row["channels_before"] or row["channels_after"] % 2 == 0
    assert sum(row["macs_after"] for row in result.table) == macs(result.graph)
    json.dumps(result.table)
    again = channels.apply(trained.graph, trained.calibration, config)
    for value in again.graph.constants:
        np.testing.assert_array_equal(value.data, result.graph.values[value.name].data)


def test_taylor_finds_the_channels_that_do_nothing(trained: Trained) -> None:
    """Dead filters, weights and bias 0, cost nothing and so go first."""
    dead = [1, 4, 5, 11, 15, 20]
    changed = []
    for name in ("pointwise.weight", "pointwise.bias"):
        data = np.array(trained.graph.values[name].data)
        data[dead] = 0
        changed.append(constant(name, data))
    graph = rebuild(trained.graph, values=changed)
    config = channels.Config(sparsity=0.01, round_to=6)
    smaller = channels.apply(graph, trained.calibration, config).graph
    alive = np.delete(np.array(graph.values["pointwise.weight"].data), dead, axis=0)
    np.testing.assert_array_equal(smaller.values["pointwise.weight"].data, alive)
    x = trained.x_real[:16, None]
    expected, got = (interpret_samples(g, [x]).outputs[0] for g in (graph, smaller))
    np.testing.assert_allclose(got, expected, atol=1e-5)


def test_pruning_says_how_much_it_can_remove(trained: Trained) -> None:
    with pytest.raises(BudgetError, match="at most 0"):
        channels.apply(trained.graph, trained.calibration, channels.Config(sparsity=0.99))
    quantized = ptq.apply(trained.graph, trained.x_real, ptq.Config()).graph
    with pytest.raises(UnsupportedError, match="level quantized"):
        channels.apply(quantized, trained.calibration, channels.Config())
    empty = Calibration(trained.calibration.x[:0], trained.calibration.y[:0], 1.0)
    with pytest.raises(DataError, match="no calibration samples"):
        channels.apply(trained.graph, empty, channels.Config())


# --- fine-tuning


def test_finetuning_brings_accuracy_back(trained: Trained) -> None:
    config = channels.Config(sparsity=0.5, round_to=2)
    pruned = channels.apply(trained.graph, trained.calibration, config).graph
    splits, settings = trained.splits, FinetuneConfig(epochs=6, batch=64)
    tuned = finetune(pruned, splits.train, splits.scale, settings, 0)
    assert [node.op for node in tuned.nodes] == [node.op for node in pruned.nodes]
    assert tuned.level == "float" and tuned.nodes[-1].op == "softmax"
    before, after = accuracy(pruned, splits), accuracy(tuned, splits)
    assert after > max(before + 0.05, trained.accuracy - 0.06)
    again = finetune(pruned, splits.train, splits.scale, settings, 0)
    for value in tuned.constants:
        np.testing.assert_array_equal(value.data, again.values[value.name].data)
    taught = finetune(pruned, splits.train, splits.scale, settings, 0, teacher=trained.graph)
    assert accuracy(taught, splits) > before + 0.05
    assert finetune(pruned, splits.train, splits.scale, FinetuneConfig(epochs=0), 0) is pruned


def test_finetuning_a_quantized_graph_keeps_its_scales(trained: Trained, tmp_path: Path) -> None:
    coarse = ptq.Config(granularity="per-tensor", observer="percentile", percentile=97.0)
    graph = ptq.apply(trained.graph, trained.x_real, coarse, trained.sensor).graph
    splits = trained.splits
    settings = FinetuneConfig(epochs=2, batch=64, lr=5e-4)
    tuned = finetune(graph, splits.train, splits.scale, settings, 0)
    check_graph(tuned)
    assert tuned.level == "quantized"
    for name, value in tuned.values.items():
        assert (value.dtype, value.quant) == (graph.values[name].dtype, graph.values[name].quant)
    changed = [v.name for v in tuned.constants if (v.data != graph.values[v.name].data).any()]
    assert "linear.weight" in changed and "linear.bias" in changed
    assert accuracy(tuned, splits) > accuracy(graph, splits) - 0.02
    save_graph(tuned, tmp_path / "tuned.iseul")
    load_graph(tmp_path / "tuned.iseul")


# --- quantization


@pytest.mark.parametrize("observer", ["min_max", "percentile", "mse"])
@pytest.mark.parametrize("granularity", ["per-channel", "per-tensor"])
def test_int8_is_close_to_float(trained: Trained, observer: Any, granularity: Any) -> None:
    config = ptq.Config(observer=observer, granularity=granularity)
    graph = ptq.apply(trained.graph, trained.x_real, config, trained.sensor).graph
    assert abs(accuracy(graph, trained.splits) - trained.accuracy) <= 0.02
    assert graph.level == "quantized"
    x, y = graph.values[graph.inputs[0]], graph.values[graph.outputs[0]]
    assert (x.dtype, x.quant) == ("int8", trained.sensor)
    assert (y.dtype, y.quant) == ("int8", per_tensor(1 / 256, -128))
    assert not {node.op for node in graph.nodes} & {"quantize", "dequantize"}
    for node in graph.nodes:
        assert not graph.values[node.outputs[0]].is_float
        if node.op in ("max_pool2d", "reshape"):
            assert graph.values[node.inputs[0]].quant == graph.values[node.outputs[0]].quant
    axes = {node.op: graph.io(node).inputs[1].quant for node in graph.nodes if len(node.inputs) > 2}
    want = {"conv2d": 0, "depthwise_conv2d": 3, "fully_connected": 0}
    for op, quant in axes.items():
        assert quant is not None
        assert quant.axis == (want[op] if granularity == "per-channel" else None)


def test_both_oracles_agree_on_the_integers(trained: Trained) -> None:
    graph = ptq.apply(trained.graph, trained.x_real, ptq.Config(), trained.sensor).graph
    x = RNG.integers(-128, 128, (8, 1, 8, 8, 1), dtype=np.int8)
    np.testing.assert_array_equal(
        run_integers(graph, [x])[0], interpret_samples(graph, [x]).outputs[0]
    )


def test_bias_correction_brings_the_means_closer(trained: Trained) -> None:
    """Coarse weights make errors of the mean large enough to be seen."""
    x = trained.x_real
    reals = interpret_samples(trained.graph, [x[:, None]], keep=["linear"]).values["linear"]

    def error(correct: bool) -> float:
        config = ptq.Config(granularity="per-tensor", bias_correction=correct)
        graph = ptq.apply(trained.graph, x, config, trained.sensor).graph
        integers = (to_raw(x, trained) - 128).astype(np.int8)[:, None]
        got = interpret_samples(graph, [integers], keep=["linear"]).values["linear"]
        quant = graph.values["linear"].quant
        assert quant is not None
        real = quant.scale[0] * (got.astype(np.float64) - quant.zero_point[0])
        return float(np.abs((real - reals).mean(axis=0)).max())

    assert error(True) < error(False) / 2


def to_raw(x: Array, trained: Trained) -> Array:
    return np.rint(x / trained.splits.scale).astype(np.int16)


def test_the_table_tells_the_ranges_and_the_noise(trained: Trained) -> None:
    result = ptq.apply(trained.graph, trained.x_real, ptq.Config(observer="min_max"))
    rows = {row["name"]: row for row in result.table}
    moving = [v.name for v in result.graph.values.values() if not v.is_constant]
    assert set(rows) == set(moving)
    json.dumps(result.table)
    for row in result.table:
        assert row["low"] <= 0 <= row["high"] and row["scale"] > 0
        assert row["low"] - row["scale"] <= row["min"] <= row["max"]
        assert row["max"] <= row["high"] + row["scale"] and row["saturation"] == 0
        assert row["sqnr_db"] is None or row["sqnr_db"] > 20
    narrow = ptq.Config(observer="percentile", percentile=90.0)
    rows = {row["name"]: row for row in ptq.apply(trained.graph, trained.x_real, narrow).table}
    assert 0.05 < rows["linear"]["saturation"] < 0.25


def test_float_io_puts_the_conversion_into_the_graph(trained: Trained) -> None:
    config = ptq.Config(float_io=True)
    graph = ptq.apply(trained.graph, trained.x_real, config, trained.sensor).graph
    assert graph.inputs == trained.graph.inputs and graph.outputs == trained.graph.outputs
    assert graph.nodes[0].op == "quantize" and graph.nodes[-1].op == "dequantize"
    inner = ptq.apply(trained.graph, trained.x_real, ptq.Config(), trained.sensor).graph
    assert accuracy(graph, trained.splits) == accuracy(inner, trained.splits)


def test_quantization_is_deterministic_and_does_not_mind_the_order(trained: Trained) -> None:
    config = ptq.Config(bias_correction=False)
    graph = ptq.apply(trained.graph, trained.x_real, config).graph
    turned = ptq.apply(trained.graph, trained.x_real[::-1], config).graph
    for name, value in graph.values.items():
        assert value.quant == turned.values[name].quant


def test_what_can_not_be_quantized_is_refused(trained: Trained) -> None:
    graph = ptq.apply(trained.graph, trained.x_real, ptq.Config()).graph
    with pytest.raises(UnsupportedError, match="must be float"):
        ptq.apply(graph, trained.x_real, ptq.Config())
    with pytest.raises(ShapeError, match="calibration samples"):
        ptq.apply(trained.graph, trained.x_real[:, :4], ptq.Config())
    with pytest.raises(DataError, match="no calibration samples"):
        ptq.apply(trained.graph, trained.x_real[:0], ptq.Config())
    with pytest.raises(DataError, match="not finite"):
        ptq.apply(trained.graph, trained.x_real * np.float32(np.nan), ptq.Config())


# --- extremes


def one_conv(w: Array, b: Array, activation: str = "none") -> Graph:
    net = Builder("one")
    x = net.input("x", (1, 4, 4, w.shape[-1]))
    inputs = [x, net.constant("w", w.astype(np.float32)), net.constant("b", b.astype(np.float32))]
    return net.graph([net.node("conv2d", inputs, name="y", activation=activation)])


@pytest.mark.parametrize("granularity", ["per-channel", "per-tensor"])
@pytest.mark.parametrize(
    ("scale", "bias"),
    [
        (np.array([1.0, 1e-12, 0.0, 1.0]), np.array([0.1, 3.0, -2.0, 0.0])),  # bias without weights
        (np.array([1.0, 0.0, 0.0, 1e-30]), np.zeros(4)),  # channels of zeros
        (np.zeros(4), np.zeros(4)),  # nothing at all
        (np.zeros(4), np.array([1e4, 1.0, -1e-3, 0.0])),  # biases only
        (np.full(4, 1e-8), np.full(4, 1e-6)),  # tiny throughout
        (np.full(4, 1e6), np.full(4, -1e6)),  # huge throughout
    ],
)
def test_extreme_weights_stay_legal_and_near(granularity: Any, scale: Array, bias: Array) -> None:
    w = RNG.standard_normal((4, 3, 3, 2)) * scale[:, None, None, None]
    graph = one_conv(w, bias)
    x = RNG.random((32, 4, 4, 2), dtype=np.float32)
    result = ptq.apply(graph, x, ptq.Config(granularity=granularity, observer="min_max"))
    check_graph(result.graph)
    y = result.graph.values["y"]
    assert y.quant is not None
    source = result.graph.values["x"].quant
    assert source is not None
    q = quantize(x, source, "int8")[:, None]
    got = dequantize(interpret_samples(result.graph, [q]).outputs[0], y.quant)
    expected = interpret_samples(graph, [x[:, None]]).outputs[0]
    # an output step, and what 18 products of rounded inputs and weights can add up to
    largest = np.abs(w).max() if granularity == "per-tensor" else np.abs(w).max(axis=(1, 2, 3))
    slack = 18 * (np.abs(w).max() * source.scale[0] + largest / 127)
    assert (np.abs(got - expected) <= y.quant.scale[0] + slack).all()


def test_a_dead_output_keeps_a_sane_scale() -> None:
    """ReLU of negative numbers only: the range is empty, the multiplier must stay below 1."""
    graph = one_conv(RNG.random((4, 1, 1, 2)) * -1, np.full(4, -1.0), "relu")
    quantized = ptq.apply(graph, RNG.random((8, 4, 4, 2), dtype=np.float32), ptq.Config()).graph
    y = quantized.values["y"].quant
    assert y is not None and 1e-6 < y.scale[0] < 1.0
    x = np.full((1, 1, 4, 4, 2), 127, np.int8)
    assert (interpret_samples(quantized, [x]).outputs[0] == y.zero_point[0]).all()


def test_widened_scale_is_exactly_what_the_bias_needs() -> None:
    scales = np.array([1e-3, 1e-3])
    wide = weights.widened_for_bias(scales, np.array([1.0, 1e9]), 0.5)
    assert wide[0] == scales[0]
    assert wide[1] == pytest.approx(1e9 / 0.5 / 2**30)


# --- observers


def seen_of(x: Array) -> observers.Observed:
    low, high = float(x.min()), float(x.max())
    counts = np.histogram(x, observers.N_BINS, (low, high))[0]
    return observers.Observed(low, high, counts.astype(np.int64))


def test_observers_treat_an_outlier_as_they_say() -> None:
    x = np.append(RNG.standard_normal(100_000), 50.0)
    seen = seen_of(x)
    assert observers.choose_range(seen, "min_max", 99.0)[1] == pytest.approx(50.0)
    low, high = observers.choose_range(seen, "percentile", 99.0)
    assert low == pytest.approx(np.percentile(x, 1), abs=0.05)
    assert high == pytest.approx(np.percentile(x, 99), abs=0.05)


def test_mse_has_the_least_error_of_all() -> None:
    x = RNG.laplace(size=50_000)
    seen = seen_of(x)

    def error(low: float, high: float) -> float:
        quant = observers.activation_quantization(low, high)
        scale, zero = quant.scale[0], quant.zero_point[0]
        rounded = scale * (np.clip(np.rint(x / scale) + zero, -128, 127) - zero)
        return float(((x - rounded) ** 2).mean())

    best = error(*observers.choose_range(seen, "mse", 99.0))
    for observer in ("min_max", "percentile"):
        for percentile in (99.0, 99.9, 99.99):
            assert best <= error(*observers.choose_range(seen, observer, percentile)) * 1.02


@pytest.mark.parametrize("ends", [(0.5, 2.0), (-3.0, -1.0), (0.0, 0.0), (-1.0, 1e-9)])
@pytest.mark.parametrize("observer", ["min_max", "percentile", "mse"])
def test_zero_is_always_representable(ends: tuple[float, float], observer: Any) -> None:
    seen = seen_of(RNG.uniform(*ends, 1000))
    quant = observers.activation_quantization(*observers.choose_range(seen, observer, 99.0))
    assert -128 <= quant.zero_point[0] <= 127 and quant.scale[0] > 0


def test_as_module_gives_logits_not_probabilities(trained: Trained) -> None:
    x = torch.rand((4, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    logits = as_module(trained.graph)(x)
    torch.testing.assert_close(logits, trained.module(x), atol=1e-4, rtol=1e-4)
    assert (logits.sum(1) - 1).abs().min() > 1e-3


def test_ops_that_move_values_keep_their_quantization() -> None:
    """conv -> transpose -> split -> slice, gather, resize: int8 all the way, near the floats."""
    rng = np.random.default_rng(4)
    b = Builder("moves")
    x = b.input("x", (1, 6, 6, 3))
    w = b.constant("w", rng.standard_normal((4, 3, 3, 3)).astype(np.float32) / 3)
    y = b.node("conv2d", [x, w], pads=(1, 1, 1, 1))
    y = b.node("transpose", [y], perm=(0, 2, 1, 3))
    first, second = b.outputs_of(b.node("split", [y], axis=3, sizes=(2, 2)))
    z = b.node("reduce_max", [second], axes=(1,))
    indices = b.constant("indices", np.array([1, 0, 1], np.int32))
    chosen = b.node("gather", [first, indices], axis=3)
    graph = b.graph([b.node("resize_nearest", [chosen], size=(9, 9)), z])
    x_real = rng.standard_normal((16, 6, 6, 3)).astype(np.float32)
    made = ptq.apply(graph, x_real, ptq.Config(float_io=True)).graph
    kinds = {made.values[node.outputs[0]].dtype for node in made.nodes if node.op != "dequantize"}
    assert kinds == {"int8"}
    want = interpret_samples(graph, [x_real[:, None]]).outputs
    for a, c in zip(want, interpret_samples(made, [x_real[:, None]]).outputs, strict=True):
        assert np.abs(a - c).max() < 0.06 * np.abs(a).max()


def grouped_and_transposed() -> Graph:
    """Ops whose channels are cut in groups, or spread."""
    rng = np.random.default_rng(11)
    b = Builder("upsampler")

    def constant(name: str, *shape: int) -> str:
        return b.constant(name, rng.normal(size=shape).astype(np.float32) * 0.3)

    x = b.input("x", (1, 6, 6, 4))
    x = b.node("conv2d", [x, constant("w1", 8, 1, 1, 4), constant("b1", 8)], activation="relu")
    x = b.node("conv2d", [x, constant("w2", 6, 3, 3, 4)], pads=(1, 1, 1, 1))
    weights = [constant("w3", 5, 3, 3, 6), constant("b3", 5)]
    x = b.node("transpose_conv", [x, *weights], size=(12, 12), stride=(2, 2))
    return b.graph([x])


def test_groups_are_not_cut_and_transposed_convolutions_become_int8() -> None:
    graph = grouped_and_transposed()
    assert not find_coupling(graph).families
    x = np.random.default_rng(12).normal(size=(64, 6, 6, 4)).astype(np.float32)
    quantized = ptq.apply(graph, x, ptq.Config(observer="min_max")).graph
    assert {v.dtype for v in quantized.values.values() if not v.is_constant} == {"int8"}
    last = quantized.values[quantized.outputs[0]].quant
    first = quantized.values[quantized.inputs[0]].quant
    assert last is not None and first is not None
    q = quantize(x[:, None], first, "int8")
    got = dequantize(interpret_samples(quantized, [q]).outputs[0], last)
    want = interpret_samples(graph, [x[:, None]]).outputs[0]
    assert np.abs(got - want).max() < 0.05 * np.abs(want).max()
