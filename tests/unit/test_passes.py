# SPDX-License-Identifier: Apache-2.0
"""Passes: what each one removes, what it must leave alone, and that outputs stay the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from iseul.core import progress, registry
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret_samples
from iseul.graph.passes._order import ORDER, PASSES, run_passes
from iseul.numerics.affine import per_channel, per_tensor
from iseul.targets import load_target

if TYPE_CHECKING:
    from iseul.graph.ir import Graph
    from iseul.numerics import Array

RNG = np.random.default_rng(7)


def reals(*shape: int) -> Array:
    return RNG.standard_normal(shape, dtype=np.float32)


def rewrite(name: str, graph: Graph) -> Graph:
    made: Graph = registry.load(PASSES, name).rewrite(graph, None)
    return made


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.nodes]


def assert_same_outputs(before: Graph, after: Graph, atol: float = 1e-5) -> None:
    """Integers equal to the bit; floats within rounding of a few additions of numbers near 1."""
    assert after.inputs == before.inputs and after.outputs == before.outputs
    value = before.values[before.inputs[0]]
    if value.is_float:
        x: Array = reals(3, *value.shape)
    else:
        x = RNG.integers(-128, 128, (3, *value.shape), dtype=np.int8)
    expected, got = (interpret_samples(g, [x]).outputs for g in (before, after))
    for one, other in zip(expected, got, strict=True):
        assert one.dtype == other.dtype and one.shape == other.shape
        if one.dtype == np.float32:
            np.testing.assert_allclose(other, one, atol=atol, rtol=1e-5)
        else:
            np.testing.assert_array_equal(other, one)


class Net(Builder):
    """A builder with random layers."""

    def conv(self, x: str, n: int, name: str = "conv", bias: bool = False, **attrs: Any) -> str:
        c = self.values[x].shape[-1]
        inputs = [x, self.constant(f"{name}.weight", reals(n, 3, 3, c) / 3)]
        if bias:
            inputs.append(self.constant(f"{name}.bias", reals(n)))
        return self.node("conv2d", inputs, name=name, **attrs)

    def norm(self, x: str, name: str = "norm") -> str:
        c = self.values[x].shape[-1]
        parameters = [reals(c), reals(c), reals(c), RNG.uniform(0.5, 2.0, c).astype(np.float32)]
        names = [self.constant(f"{name}.{i}", p) for i, p in enumerate(parameters)]
        return self.node("batch_norm", [x, *names], name=name, epsilon=1e-3)


def start(c: int = 4) -> tuple[Net, str]:
    net = Net("net")
    return net, net.input("x", (1, 6, 5, c))


def test_every_pass_has_a_place_in_the_order() -> None:
    assert sorted(set(ORDER)) == list(registry.names(PASSES))


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("kind", ["conv2d", "depthwise_conv2d", "fully_connected"])
def test_batch_norm_folds_into_weighted_nodes(kind: str, bias: bool) -> None:
    net, x = start()
    if kind == "conv2d":
        y = net.conv(x, 8, bias=bias, pads=(1, 1, 1, 1))
    else:
        shape = (1, 3, 3, 8) if kind == "depthwise_conv2d" else (8, 120)
        inputs = [x, net.constant("w", reals(*shape) / 3)]
        inputs += [net.constant("b", reals(8))] if bias else []
        y = net.node(kind, inputs, name="weighted")
    graph = net.graph([net.norm(y)])
    folded = rewrite("fold_batch_norm", graph)
    assert ops(folded) == [kind]
    assert_same_outputs(graph, folded)


def test_batch_norm_stays_out_of_nodes_that_others_read() -> None:
    net, x = start()
    y = net.conv(x, 4)
    graph = net.graph([net.norm(y), y])
    folded = rewrite("fold_batch_norm", graph)
    assert ops(folded) == ["conv2d", "depthwise_conv2d"]
    assert_same_outputs(graph, folded)


def test_batch_norm_does_not_pass_a_clamp() -> None:
    net, x = start()
    graph = net.graph([net.norm(net.conv(x, 4, activation="relu"))])
    folded = rewrite("fold_batch_norm", graph)
    assert ops(folded) == ["conv2d", "depthwise_conv2d"]
    assert_same_outputs(graph, folded)


def test_shared_weights_stay_what_they_are_for_the_other_node() -> None:
    net, x = start()
    w = net.constant("w", reals(4, 1, 1, 4))
    first = net.node("conv2d", [x, w], name="first")
    second = net.norm(net.node("conv2d", [first, w], name="second"))
    graph = net.graph([second])
    folded = rewrite("fold_batch_norm", graph)
    assert ops(folded) == ["conv2d", "conv2d"]
    assert_same_outputs(graph, folded)


def test_pad_folds_into_convolutions_and_stays_for_others() -> None:
    net, x = start()
    padded = net.node("pad", [x], pads=((0, 0), (1, 2), (0, 1), (0, 0)))
    y = net.conv(padded, 3, pads=(1, 0, 0, 1))
    graph = net.graph([y])
    folded = rewrite("fold_pad", graph)
    assert ops(folded) == ["conv2d"]
    assert folded.nodes[0].attrs.pads == (2, 2, 0, 2)  # type: ignore[attr-defined]
    assert_same_outputs(graph, folded)

    pooled = net.node("max_pool2d", [padded])
    graph = net.graph([y, pooled])
    folded = rewrite("fold_pad", graph)
    assert sorted(ops(folded)) == ["conv2d", "max_pool2d", "pad"]
    assert_same_outputs(graph, folded)


@pytest.mark.parametrize(
    "attrs",
    [
        {"pads": ((0, 0), (1, 1), (1, 1), (0, 0)), "value": 1.0},
        {"pads": ((0, 0), (1, 1), (0, 0), (0, 2))},
    ],
)
def test_pad_by_other_than_zero_or_of_channels_stays(attrs: dict[str, Any]) -> None:
    net, x = start()
    graph = net.graph([net.conv(net.node("pad", [x], **attrs), 3)])
    assert ops(rewrite("fold_pad", graph)) == ["pad", "conv2d"]


@pytest.mark.parametrize("relu", ["relu", "relu6"])
def test_activation_fuses_into_its_producer(relu: str) -> None:
    net, x = start()
    y = net.node(relu, [net.conv(x, 4, bias=True)])
    graph = net.graph([net.node(relu, [net.node("add", [y, y])])])
    fused = rewrite("fuse_activation", graph)
    assert ops(fused) == ["conv2d", "add"]
    assert {node.attrs.activation for node in fused.nodes} == {relu}  # type: ignore[attr-defined]
    assert_same_outputs(graph, fused)


def test_activations_in_a_row_become_the_narrower_one() -> None:
    net, x = start()
    y = net.node("relu", [net.node("relu6", [net.node("relu", [net.conv(x, 4)])])])
    graph = net.graph([y])
    fused = rewrite("fuse_activation", graph)
    assert ops(fused) == ["conv2d"]
    assert fused.nodes[0].attrs.activation == "relu6"  # type: ignore[attr-defined]
    assert_same_outputs(graph, fused)


def test_activation_does_not_fuse_where_the_value_is_needed_unclamped() -> None:
    net, x = start()
    y = net.conv(x, 4)
    graph = net.graph([net.node("relu", [y]), y])
    assert ops(rewrite("fuse_activation", graph)) == ["conv2d", "relu"]
    net, x = start()
    y = net.node("relu", [net.conv(x, 4, activation="relu_n1_to_1")])
    assert ops(rewrite("fuse_activation", net.graph([y]))) == ["conv2d", "relu"]


def test_identities_go_and_the_rest_stays() -> None:
    net, x = start()
    y = net.node("reshape", [x], shape=(1, 6, 5, 4))
    y = net.node("pad", [y], pads=((0, 0),) * 4)
    y = net.node("average_pool2d", [y], kernel_size=(1, 1), stride=(1, 1))
    y = net.node("max_pool2d", [y], kernel_size=(1, 1), stride=(1, 1), activation="relu")
    y = net.node("reshape", [y], shape=(1, 30, 4))
    y = net.node("reshape", [y], shape=(1, 120))
    graph = net.graph([y])
    short = rewrite("remove_identity", graph)
    assert ops(short) == ["max_pool2d", "reshape"]
    assert_same_outputs(graph, short)


def test_moves_that_leave_everything_in_place_go() -> None:
    net, x = start()
    shape = (1, 6, 5, 4)
    y = net.node("slice", [x], begin=(0, 0, 0, 0), size=shape)
    y = net.node("tile", [y], multiples=(1, 1, 1, 1))
    y = net.node("broadcast_to", [y], shape=shape)
    y = net.node("concatenation", [y], axis=1)
    y = net.node("split", [y], axis=2, sizes=(5,))
    y = net.node("mirror_pad", [y], pads=((0, 0),) * 4)
    y = net.node("space_to_batch_nd", [y], block=(1, 1))
    y = net.node("depth_to_space", [y], block=1)
    y = net.node("resize_bilinear", [y], size=(6, 5), coordinates="half_pixel")
    y = net.node("resize_nearest", [y], size=(6, 5))
    y = net.node("transpose", [y], perm=(0, 1, 2, 3))
    graph = net.graph([net.node("relu", [y])])
    short = rewrite("remove_identity", graph)
    assert ops(short) == ["relu"]
    assert_same_outputs(graph, short)


def test_moves_of_the_same_shape_that_move_something_stay() -> None:
    net = Net("net")
    x = net.input("x", (1, 4, 4, 1))
    y = net.node("transpose", [x], perm=(0, 2, 1, 3))
    y = net.node("slice", [y], begin=(0, 3, 0, 0), size=(1, 4, 4, 1), stride=(1, -1, 1, 1))
    y = net.node("transpose", [y], perm=(3, 1, 2, 0))  # sizes of one change places
    graph = net.graph([net.node("relu", [y])])
    short = rewrite("remove_identity", graph)
    assert ops(short) == ["transpose", "slice", "relu"]
    assert_same_outputs(graph, short)


def test_two_transposes_become_one_or_none() -> None:
    net, x = start()
    first = net.node("transpose", [x], perm=(0, 3, 1, 2))
    back = net.node("transpose", [first], perm=(0, 2, 3, 1))
    other = net.node("transpose", [first], perm=(0, 1, 3, 2), name="other")
    graph = net.graph([net.node("relu", [back]), other])
    short = rewrite("remove_identity", graph)
    assert ops(short) == ["transpose", "relu"]
    assert short.outputs == graph.outputs and short.producer("other") is not None
    assert short.producer("other").attrs.perm == (0, 3, 2, 1)  # type: ignore[union-attr]
    assert_same_outputs(graph, short)


def test_an_identity_between_input_and_output_stays() -> None:
    net, x = start()
    graph = net.graph([net.node("reshape", [x], shape=(1, 6, 5, 4))])
    assert ops(rewrite("remove_identity", graph)) == ["reshape"]


def test_an_identity_before_an_output_hands_its_name_over() -> None:
    net, x = start()
    y = net.node("relu", [x])
    graph = net.graph([net.node("reshape", [y], shape=(1, 6, 5, 4), name="out")])
    short = rewrite("remove_identity", graph)
    assert ops(short) == ["relu"] and short.outputs == ("out",)
    assert_same_outputs(graph, short)


def test_what_depends_on_constants_only_is_computed_once() -> None:
    net, x = start()
    a, b = (net.constant(name, reals(1, 1, 1, 4)) for name in "ab")
    c = net.node("relu", [net.node("add", [a, b])])
    graph = net.graph([net.node("add", [x, c])])
    folded = rewrite("fold_constants", graph)
    assert ops(folded) == ["add"] and len(folded.constants) == 1
    assert_same_outputs(graph, folded, atol=0.0)


def test_what_grows_out_of_all_proportion_is_not_computed_beforehand() -> None:
    net = Net("net")
    x = net.input("x", (1, 1 << 20, 4))
    c = net.node("broadcast_to", [net.constant("c", reals(1, 1, 4))], shape=(1, 1 << 20, 4))
    graph = net.graph([net.node("add", [x, c])])
    assert ops(rewrite("fold_constants", graph)) == ["broadcast_to", "add"]


def test_shape_arithmetic_is_computed_beforehand() -> None:
    net, x = start()
    shape = net.constant("shape", np.array([1, 6, 5, 4], np.int64))
    taken = net.node("slice", [shape], begin=(1,), size=(2,))
    twice = net.node("concatenation", [taken, taken], axis=0)
    chosen = net.node("gather", [twice, net.constant("at", np.array([3, 0], np.int32))], axis=0)
    table = net.input("table", (7,), "int64")
    graph = net.graph([net.node("concatenation", [chosen, table], axis=0), net.node("relu", [x])])
    folded = rewrite("fold_constants", graph)
    assert ops(folded) == ["concatenation", "relu"]
    assert folded.values[folded.nodes[0].inputs[0]].data.tolist() == [5, 6]  # type: ignore[union-attr]


# --- integers: to the bit

A, B = per_tensor(0.05, -3), per_tensor(0.02, 10)


def start_int8() -> tuple[Net, str]:
    net = Net("net")
    return net, net.input("x", (1, 6, 5, 4), "int8", A)


def conv_int8(net: Net, x: str, **attrs: Any) -> str:
    scales = RNG.uniform(0.001, 0.01, 8)
    data = RNG.integers(-127, 128, (8, 3, 3, 4), dtype=np.int8)
    w = net.constant("w", data, "int8", per_channel(scales, 0))
    return net.node("conv2d", [x, w], quant=B, **attrs)


@pytest.mark.parametrize("relu", ["relu", "relu6"])
def test_int8_activation_fuses_if_the_quantization_is_the_same(relu: str) -> None:
    net, x = start_int8()
    y = conv_int8(net, x)
    same = net.graph([net.node(relu, [y], quant=B)], level="quantized")
    fused = rewrite("fuse_activation", same)
    assert ops(fused) == ["conv2d"]
    assert_same_outputs(same, fused)
    net, x = start_int8()
    other = net.graph([net.node(relu, [conv_int8(net, x)], quant=A)], level="quantized")
    assert ops(rewrite("fuse_activation", other)) == ["conv2d", relu]


@pytest.mark.parametrize("op", ["add", "sub", "mul", "div"])
def test_int8_activation_fuses_into_arithmetic(op: str) -> None:
    net, x = start_int8()
    quant = per_tensor(0.0007 if op == "div" else 0.1, -5)
    y = net.node(op, [x, net.constant("c", np.int8([90]), quant=A)], quant=quant)
    graph = net.graph([net.node("relu6", [y])], level="quantized")
    fused = rewrite("fuse_activation", graph)
    assert ops(fused) == [op]
    assert fused.nodes[0].attrs.activation == "relu6"  # type: ignore[attr-defined]
    assert_same_outputs(graph, fused)


def test_int8_pad_folds_to_the_bit() -> None:
    net, x = start_int8()
    y = conv_int8(net, net.node("pad", [x], pads=((0, 0), (1, 1), (2, 0), (0, 0))))
    graph = net.graph([y], level="quantized")
    folded = rewrite("fold_pad", graph)
    assert ops(folded) == ["conv2d"]
    assert_same_outputs(graph, folded)


def test_storage_round_trips_go_only_if_they_give_the_same_integers() -> None:
    net, x = start_int8()
    real = net.node("dequantize", [x], dtype="float32")
    back = net.node("quantize", [real], dtype="int8", quant=A)
    again = net.node("quantize", [back], dtype="int8", quant=A)
    graph = net.graph([net.node("relu", [again], quant=A)], level="quantized")
    short = rewrite("remove_identity", graph)
    assert ops(short) == ["relu"]
    assert_same_outputs(graph, short)

    net, x = start_int8()
    real = net.node("dequantize", [x], dtype="float32")
    coarse = net.node("quantize", [real], dtype="int8", quant=B)
    graph = net.graph([net.node("relu", [coarse], quant=B)], level="quantized")
    assert ops(rewrite("remove_identity", graph)) == ["dequantize", "quantize", "relu"]


# --- all together


def block() -> Graph:
    net, x = start()
    y = net.node("relu", [net.norm(net.conv(x, 4, "conv1", pads=(1, 1, 1, 1)), "norm1")])
    y = net.node("pad", [y], pads=((0, 0), (1, 1), (1, 1), (0, 0)))
    y = net.norm(net.conv(y, 4, "conv2"), "norm2")
    y = net.node("relu", [net.node("add", [y, x])])
    y = net.node("average_pool2d", [y], kernel_size=(6, 5), stride=(6, 5))
    y = net.node("reshape", [net.node("reshape", [y], shape=(1, 2, 2))], shape=(1, 4))
    return net.graph([net.node("softmax", [y])])


@pytest.mark.parametrize("board", [None, "nucleo-l4r5zi"])
def test_a_residual_block_becomes_its_few_nodes(board: str | None) -> None:
    graph = block()
    short = run_passes(graph, load_target(board) if board else None)
    assert ops(short) == ["conv2d", "conv2d", "add", "average_pool2d", "reshape", "softmax"]
    assert_same_outputs(graph, short)
    again = run_passes(short, None)
    assert [node.name for node in again.nodes] == [node.name for node in short.nodes]


def test_verbosity_shows_passes_and_rewrites(capsys: pytest.CaptureFixture[str]) -> None:
    try:
        progress.set_verbosity(2)
        run_passes(block(), None)
        passes = capsys.readouterr().err
        progress.set_verbosity(3)
        run_passes(block(), None)
        rewrites = capsys.readouterr().err
    finally:
        progress.set_verbosity(0)
    assert "fold_batch_norm: " in passes and " nodes" in passes and "norm1" not in passes
    assert "norm1 into conv1" in rewrites
