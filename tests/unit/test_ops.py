# SPDX-License-Identifier: Apache-2.0
"""The judges numpy and torch over all cases, and the rules that ops state."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from cases import OPS as CASE_FILES
from cases import Case, all_cases, cases_of
from cases._case import Net, quant
from cases._scalar import quantize_multiplier, run_scalar
from iseul.core import registry
from iseul.core.errors import ShapeError, UnsupportedError, UsageError
from iseul.graph.build import OPS, Builder
from iseul.graph.interpret import batchable, initial_state, interpret_samples
from iseul.graph.ir import Graph
from iseul.graph.ops._quantized import output_multipliers
from iseul.graph.torch_run import GraphModule, run_integers
from iseul.numerics.affine import per_channel

CASES = all_cases()
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def assert_agree(case: Case, got: np.ndarray, expected: np.ndarray) -> None:
    """Integers equal to the bit; floats within the case's tolerance."""
    assert got.shape == expected.shape
    if got.dtype == np.float32:
        got, expected = got.astype(np.float64), expected.astype(np.float64)
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(got[~finite], expected[~finite])  # infinities and NaN
        difference = np.abs(got[finite] - expected[finite]).max(initial=0.0)
        assert difference <= case.tolerance, difference
    else:
        np.testing.assert_array_equal(got, expected)


@EACH
def test_numpy_agrees_with_the_scalar_text(case: Case) -> None:
    graph = case.graph()
    inputs = case.inputs(graph)
    outputs = interpret_samples(graph, inputs, stateful=True).outputs
    state = initial_state(graph)
    for i in range(len(inputs[0])):
        expected = run_scalar(graph, [x[i] for x in inputs], state)
        for got, want in zip(outputs, expected, strict=True):
            assert_agree(case, got[i], want)
        made = dict(zip(graph.nodes[0].outputs, expected, strict=True))
        state = {s.value: made[s.next] for s in graph.states}


@EACH
def test_torch_agrees_with_numpy(case: Case) -> None:
    graph = case.graph()
    inputs = case.inputs(graph)
    expected = interpret_samples(graph, inputs, stateful=True).outputs
    for got, want in zip(run_integers(graph, inputs, stateful=True), expected, strict=True):
        assert got.dtype == want.dtype
        assert_agree(case, got, want)


@EACH
def test_case_is_worth_running(case: Case) -> None:
    """Legal at its level, one node, inputs that fit, float tolerances with a reason."""
    graph = case.graph()
    assert len(graph.nodes) == 1
    integer = any(not value.is_float for value in graph.values.values())
    assert graph.level == ("quantized" if integer else "float")
    assert bool(case.tolerance) == bool(case.reason)
    assert case.tolerance <= 2e-5
    first, again = case.inputs(graph), case.inputs(graph)
    for x, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(x, same)


def test_each_op_has_cases() -> None:
    assert registry.names(OPS) == CASE_FILES
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
    assert all(case.name.startswith(f"{op}/") for op in CASE_FILES for case in cases_of(op))


@pytest.mark.parametrize("op", registry.names(OPS))
def test_entry_keeps_the_contract(op: str) -> None:
    entry = registry.load(OPS, op)
    assert entry.Attrs().model_config["extra"] == "forbid"
    assert all(rule.__doc__ and "\n" not in rule.__doc__.strip() for rule in entry.constraints)
    assert all(field.description for field in entry.Attrs.model_fields.values())
    assert isinstance(entry.BATCHED, bool) or callable(entry.BATCHED)
    assert entry.__doc__ is not None
    assert "import torch" not in inspect.getsource(entry).split("def run_torch")[0]


def has_integer_output(case: Case) -> bool:
    graph = case.graph()
    return graph.values[graph.outputs[0]].quant is not None


@pytest.mark.parametrize(
    "case", list(filter(has_integer_output, CASES)), ids=lambda case: case.name
)
def test_fake_quantized_output_is_near_the_integers(case: Case) -> None:
    """Fake-quantized reals are those of the integers, within one step (rounded once, not twice)."""
    if "fake_quantize" in case.skips:
        pytest.skip(case.skips["fake_quantize"])
    graph = case.graph()
    value = graph.values[graph.outputs[0]]
    assert value.quant is not None
    inputs = case.inputs(graph)
    reals = []
    for name, x in zip(graph.inputs, inputs, strict=True):
        q = graph.values[name].quant
        flat = x.astype(np.float32)
        reals.append(torch.tensor(flat if q is None else (flat - q.zero_point[0]) * q.scale[0]))
    module = GraphModule(graph, fake_quantize=True)
    with torch.no_grad():
        if batchable(graph):
            got = module(*(x.flatten(0, 1) for x in reals))[0].numpy()
        else:
            got = np.stack([module(*sample)[0].numpy() for sample in zip(*reals, strict=True)])
    expected = interpret_samples(graph, inputs).outputs[0]
    scale, zero = value.quant.scale[0], value.quant.zero_point[0]
    steps = np.round(got.astype(np.float64) / scale) + zero
    np.testing.assert_allclose(got, (steps - zero) * scale, rtol=1e-5, atol=1e-6 * scale)
    assert np.abs(steps.reshape(expected.shape) - expected).max() <= 1


# --- rules: what is refused, and what the message says


def weighted(op: str = "conv2d", **change: Any) -> Graph:
    """A legal int8 node with 3 input and 4 output channels, with changes."""
    net = Net("rules")
    shape, axis = ((4, 1, 1, 3), 0) if op == "conv2d" else ((1, 1, 1, 3), 3)
    x = net.int8((1, 2, 2, 3))
    w = net.constant(
        "w",
        change.get("data", np.ones(shape, np.int8)),
        quant=change.get("weights", per_channel([0.1] * shape[axis], axis)),
    )
    n = shape[axis]
    bias = change.get("bias", np.zeros(n, np.int32))
    b = net.constant("b", bias, quant=change.get("bias_quant"))
    out = net.node(op, [x, w, b], quant=change.get("out", quant(0.05)))
    return net.graph([out], "quantized")


def test_legal_node_passes() -> None:
    assert weighted().level == "quantized"
    assert weighted("depthwise_conv2d").level == "quantized"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": per_channel([0.1] * 3, 3)}, "scales along axis 3"),
        ({"weights": per_channel([0.1], 1)}, "scales along axis 1"),
        ({"weights": None}, '"w" is int8'),
        ({"data": np.ones((4, 1, 1, 3), np.int16)}, '"w" is int16'),
        ({"bias": np.zeros(4, np.float32)}, '"b" is float32, must be int32'),
        ({"bias_quant": quant(0.7)}, "s_in * s_w is 0.005"),
        ({"out": per_channel([0.1] * 4, 3)}, "has 4 scales"),
        ({"bias": np.full(4, 2**31 - 1, np.int32)}, "2^31 is 2,147,483,648"),
        ({"out": quant(1e-9)}, "2^31 is 2,147,483,648"),
    ],
)
def test_weighted_rules(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UnsupportedError) as caught:
        weighted(**change)
    assert message in str(caught.value)


def test_fully_connected_multiplies_single_scales_in_float32() -> None:
    """As TensorFlow Lite Micro; a convolution and scales per channel use double."""
    found = {}
    for rank, shape in (("fully_connected", (4, 3)), ("conv2d", (4, 1, 1, 3))):
        net = Net(rank)
        x = net.int8((1, 1, 1, 3), 0.1)
        w = net.constant("w", np.ones(shape, np.int8), quant=quant(0.3))
        graph = net.graph([net.node(rank, [x, w], quant=quant(0.7))], "quantized")
        multiplier, shift = output_multipliers(graph.io(graph.nodes[0]), 4)
        found[rank] = (int(multiplier[0]), int(shift[0]))
    s_in, s_w, s_out = (np.float32(s) for s in (0.1, 0.3, 0.7))
    assert found["fully_connected"] == quantize_multiplier(float(s_in * s_w) / float(s_out))
    assert found["conv2d"] == quantize_multiplier(float(s_in) * float(s_w) / float(s_out))
    assert found["conv2d"] != found["fully_connected"]


def test_int16_activations_have_no_zero_points() -> None:
    for zeros, message in (((3, 0, 0), "has zero point 3"), ((0, 3, 0), "zero point other than 0")):
        net = Net("int16")
        x = net.input("x", (1, 2, 2, 3), "int16", quant(0.1, zeros[0]))
        w = net.constant("w", np.ones((4, 1, 1, 3), np.int8), quant=quant(0.1, zeros[1]))
        y = net.node("conv2d", [x, w], quant=quant(0.1))
        with pytest.raises(UnsupportedError, match=message):
            net.graph([y], "quantized")


@pytest.mark.parametrize(
    ("scale_out", "bias", "message"),
    [(1e-9, 0, "is shifted left by"), (0.05, 1 << 47, "2\\^47 is the limit")],
)
def test_sums_of_64_bits_have_limits(scale_out: float, bias: int, message: str) -> None:
    net = Net("wide")
    x = net.int16((1, 2, 2, 3), 1e-3)
    w = net.constant("w", np.ones((4, 1, 1, 3), np.int8), quant=quant(0.1))
    b = net.constant("b", np.full(4, bias, np.int64))
    y = net.node("conv2d", [x, w, b], quant=quant(scale_out))
    with pytest.raises(UnsupportedError, match=message):
        net.graph([y], "quantized")


def test_weights_made_at_run_time_are_refused() -> None:
    b = Builder("loose")
    x, w = b.input("x", (1, 2, 2, 3)), b.input("w", (4, 1, 1, 3))
    with pytest.raises(UnsupportedError, match="computed at run time: w"):
        b.graph([b.node("conv2d", [x, w])])


def test_pooling_keeps_the_quantization() -> None:
    net = Net("pool")
    out = net.node("max_pool2d", [net.int8((1, 4, 4, 2), 0.05)], quant=quant(0.06))
    with pytest.raises(UnsupportedError, match="same scale and zero point"):
        net.graph([out], "quantized")


def test_softmax_rules() -> None:
    for shape, scale, out in [
        ((1, 5), 0.1, quant(1 / 128, -128)),
        ((1, 5), 1e-8, quant(1 / 256, -128)),
        ((1, 5), 0.1, quant(1 / 256, 0)),
    ]:
        net = Net("softmax")
        y = net.node("softmax", [net.int8(shape, scale)], quant=out)
        with pytest.raises(UnsupportedError):
            net.graph([y], "quantized")


def test_add_refuses_a_multiplier_of_one_or_more() -> None:
    net = Net("add")
    x = net.int8((1, 4), 1.0)
    y = net.node("add", [x, x], quant=quant(2.0**-19))
    with pytest.raises(UnsupportedError, match="2\\^-19"):
        net.graph([y], "quantized")


def test_requantize_refuses_what_leaves_32_bits() -> None:
    net = Net("requantize")
    y = net.node("quantize", [net.int8((1, 4), 1e3)], quant=quant(1e-6))
    with pytest.raises(UnsupportedError, match="32 bits"):
        net.graph([y], "quantized")


@pytest.mark.parametrize(
    ("op", "shapes", "attrs"),
    [
        ("conv2d", [(1, 4, 4, 3)], {}),
        ("conv2d", [(1, 4, 4, 3), (2, 3, 3, 4)], {}),
        ("conv2d", [(1, 4, 4, 3), (2, 5, 3, 3)], {}),
        ("conv2d", [(1, 4, 4, 3), (2, 3, 3, 3), (3,)], {}),
        ("conv2d", [(1, 4, 4, 3), (2, 3, 3, 3)], {"dilation": (2, 1)}),
        ("conv2d", [(1, 4, 3), (2, 3, 3, 3)], {}),
        ("conv2d", [(1, 4, 4, 0), (2, 3, 3, 0)], {}),
        ("depthwise_conv2d", [(1, 4, 4, 3), (1, 3, 3, 4)], {}),
        ("depthwise_conv2d", [(1, 4, 4, 3), (2, 3, 3, 3)], {}),
        ("depthwise_conv2d", [(1, 4, 4, 0), (1, 3, 3, 3)], {}),
        ("fully_connected", [(1, 4, 4), (3, 4)], {}),
        ("fully_connected", [(1, 4, 4), (3, 16)], {"keep_dims": True}),
        ("fully_connected", [(4,), (3, 4)], {}),
        ("fully_connected", [(1, 4), (3, 4), (4,)], {}),
        ("add", [(1, 4), (1, 3)], {}),
        ("select", [(1, 4), (1, 4), (1, 3)], {}),
        ("select", [(1, 4), (1, 4)], {}),
        ("prelu", [(1, 1), (1, 4)], {}),
        ("add_n", [(1, 4)], {}),
        ("add_n", [(1, 4), (1, 1)], {}),
        ("logical_not", [(1, 4), (1, 4)], {}),
        ("add", [(1, 4)], {}),
        ("average_pool2d", [(1, 4, 4, 3)], {"kernel_size": (5, 2)}),
        ("average_pool2d", [(1, 4, 4, 3)], {"kernel_size": (2, 2), "pads": (2, 0, 0, 0)}),
        ("max_pool2d", [(1, 4, 4)], {}),
        ("relu", [(1, 4), (1, 4)], {}),
        ("reshape", [(1, 4)], {"shape": (1, 5)}),
        ("reshape", [(1, 4)], {"shape": (-1, -1)}),
        ("reshape", [(1, 4)], {"shape": (1, 0, 4)}),
        ("reshape", [(1, 5)], {"shape": (-1, 4)}),
        ("reshape", [(1, 4)], {"shape": ()}),
        ("pad", [(1, 4)], {"pads": ((0, 0),)}),
        ("softmax", [()], {}),
        ("batch_norm", [(1, 4), (4,), (4,), (4,), (3,)], {}),
        ("batch_norm", [(1, 4), (4,)], {}),
        ("mean", [(1, 4)], {"axes": (2,)}),
        ("sum", [(1, 4)], {"axes": (-3,)}),
        ("reduce_max", [(1, 0)], {"axes": (1,)}),
        ("layer_norm", [(1, 4), (3,)], {}),
        ("layer_norm", [(1, 4)], {"axis": 2}),
        ("rms_norm", [(1, 4), (4,), (4,)], {}),
        ("group_norm", [(1, 4)], {"groups": 3}),
        ("group_norm", [(4,)], {}),
        ("group_norm", [(1, 4), (3,)], {"groups": 2}),
        ("l2_normalization", [()], {}),
        ("local_response_norm", [()], {}),
        ("window", [(1, 5), (2,)], {}),
        ("fft_auto_scale", [(1, 5)], {}),
        ("rfft", [(1, 9)], {"length": 8}),
        ("irfft", [(1, 9)], {"length": 8}),
        ("spectrum_energy", [(1, 5)], {}),
        ("filter_bank", [(9,), (4,), (3,), (2,), (2,), (2,)], {}),
        ("filter_bank", [(9,), (4,), (4,), (1,), (1,), (1,)], {}),
        ("filter_bank_square_root", [(4,), (2,)], {}),
        ("spectral_subtraction", [(4,), (3,)], {}),
        ("pcan", [(4,), (4,), (124,)], {}),
        ("filter_bank_log", [()], {}),
        ("delay", [(2, 4), (1, 4)], {}),
        ("overlap_add", [(2, 4), (4,)], {"frame_step": 5}),
        ("framer", [(5,), (1,), ()], {"frame_step": 2}),
        ("framer", [(4,), (3,), ()], {"frame_size": 4, "frame_step": 2}),
        ("stacker", [(4,), (1,), ()], {"step": 2}),
    ],
)
def test_shapes_that_do_not_fit(
    op: str, shapes: list[tuple[int, ...]], attrs: dict[str, Any]
) -> None:
    b = Builder("bad")
    values = [b.input(f"v{i}", shape) for i, shape in enumerate(shapes)]
    with pytest.raises(ShapeError) as caught:
        b.node(op, values, name="here", **attrs)
    assert f'{op} "here"' in str(caught.value)


@pytest.mark.parametrize(
    ("op", "attrs"),
    [
        ("conv2d", {"stride": (0, 1)}),
        ("conv2d", {"dilation": (1, -1)}),
        ("conv2d", {"pads": (-1, 0, 0, 0)}),
        ("conv2d", {"activation": "gelu"}),
        ("max_pool2d", {"kernel_size": (0, 2)}),
        ("pad", {"value": float("nan")}),
        ("softmax", {"beta": 0.0}),
        ("batch_norm", {"epsilon": -1.0}),
        ("relu", {"slope": 0.1}),
    ],
)
def test_attributes_out_of_range(op: str, attrs: dict[str, Any]) -> None:
    b = Builder("bad")
    x = b.input("x", (1, 4, 4, 3))
    with pytest.raises(UsageError):
        b.node(op, [x], **attrs)


def test_macs_count_every_tap() -> None:
    counted = {}
    for case in CASES:
        graph = case.graph()
        node = graph.nodes[0]
        macs = getattr(registry.load(OPS, node.op), "macs", None)
        if macs is not None:
            counted[case.name] = macs(node.attrs, graph.io(node))
    assert counted["conv2d/3x3 same"] == 5 * 6 * 4 * 9 * 3
    assert counted["depthwise_conv2d/depth multiplier 2"] == 5 * 5 * 6 * 9
    assert counted["fully_connected/keeps the axes"] == 3 * 5 * 8
    weighted = {"conv2d", "depthwise_conv2d", "fully_connected"}
    assert weighted <= {name.split("/")[0] for name in counted}
    assert all(n > 0 for n in counted.values())
