# SPDX-License-Identifier: Apache-2.0
"""Every pass: outputs stay the same, the graph stays legal, a second run changes nothing."""

import numpy as np
import pytest

from iseul.core import registry
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret_samples
from iseul.graph.ir import Graph
from iseul.graph.passes._order import ORDER, PASSES, run_passes
from iseul.graph.verify import check_graph
from iseul.numerics.affine import per_channel, per_tensor
from iseul.targets import load_target


def graph_with_everything() -> Graph:
    """Something to do for each pass, and things that look alike but must stay."""
    rng = np.random.default_rng(3)
    b = Builder("everything")
    x = b.input("x", (1, 6, 6, 3))

    def reals(*shape: int) -> str:
        return b.constant("c", rng.standard_normal(shape, dtype=np.float32) / 2)

    def norm(y: str) -> str:
        c = b.values[y].shape[-1]
        variance = b.constant("variance", rng.uniform(0.5, 2, c).astype(np.float32))
        return b.node("batch_norm", [y, reals(c), reals(c), reals(c), variance])

    y = b.node("pad", [norm(x)], pads=((0, 0), (1, 1), (1, 1), (0, 0)))
    y = b.node("relu", [norm(b.node("conv2d", [y, reals(4, 3, 3, 3)], name="conv"))])
    z = norm(b.node("depthwise_conv2d", [y, reals(1, 1, 1, 4), reals(4)], name="depthwise"))
    offset = b.node("add", [reals(1, 1, 1, 4), reals(1, 1, 1, 4)])
    z = b.node("relu6", [b.node("add", [z, offset])])
    z = b.node("relu", [b.node("add", [y, z])])
    z = b.node("reshape", [b.node("reshape", [z], shape=(1, 36, 4))], shape=(1, 6, 6, 4))
    shallow = b.node("average_pool2d", [z], kernel_size=(6, 6), stride=(6, 6))
    return b.graph([b.node("fully_connected", [shallow, reals(5, 4)], name="out"), y])


def quantized_graph() -> Graph:
    """float -> int8 -> a conv of which one channel is never above 0 -> a conv -> float."""
    rng = np.random.default_rng(9)
    b = Builder("quantized")
    quant = per_tensor(0.1, -128)
    x = b.node("quantize", [b.input("x", (1, 6, 6, 3))], dtype="int8", quant=per_tensor(0.05, 3))
    y = x
    for i, shape in enumerate([(4, 3, 3, 3), (2, 1, 1, 4)]):
        weights = rng.integers(-90, 90, shape).astype(np.int8)
        w = b.constant(f"w{i}", weights, quant=per_channel([0.01] * shape[0], 0))
        bias = np.array([0, -2_000_000, 0, 0][: shape[0]] if i == 0 else [5, 9], np.int32)
        inputs = [y, w, b.constant(f"b{i}", bias)]
        y = b.node("conv2d", inputs, quant=quant, activation="relu")
    y = b.node("dequantize", [y], dtype="float32", quant=None)
    return b.graph([y], "quantized")


def graph_of_tables() -> Graph:
    """int8: x * logistic(x), a chain of three, one whose parts are read elsewhere too."""
    b = Builder("tables")
    quant = per_tensor(0.03, 5)
    x = b.node("quantize", [b.input("x", (1, 6, 6, 3))], dtype="int8", quant=quant)
    gate = b.node("logistic", [x], quant=per_tensor(1 / 256, -128))
    y = b.node("mul", [x, gate], quant=per_tensor(0.02, -100))
    three = b.constant("three", np.array([100], np.int8), quant=per_tensor(0.03, 0))
    z = b.node("add", [x, three], quant=per_tensor(0.05, -20), activation="relu")
    z = b.node(
        "tanh", [b.node("abs", [z], quant=per_tensor(0.06, -30))], quant=per_tensor(1 / 128, 0)
    )
    row = b.constant("row", np.array([1, 2, 3], np.int8), quant=per_tensor(0.03, 0))
    kept = b.node("mul", [b.node("add", [y, row], quant=quant), y], quant=quant)
    ends = [b.node("dequantize", [v], dtype="float32", quant=None) for v in (y, z, kept)]
    return b.graph(ends, "quantized")


# what a pass is for, where the graph with everything does not have it
EXAMPLES = {
    "remove_dead_channels": quantized_graph,
    "settle_channels": quantized_graph,
    "merge_tables": graph_of_tables,
}


@pytest.mark.parametrize("name", registry.names(PASSES))
@pytest.mark.parametrize("board", [None, "nucleo-h743zi"])
def test_a_pass_keeps_what_the_graph_computes(name: str, board: str | None) -> None:
    rewrite = registry.load(PASSES, name).rewrite
    target = load_target(board) if board else None
    before = EXAMPLES.get(name, graph_with_everything)()
    after = rewrite(before, target)
    check_graph(after)
    assert after.inputs == before.inputs and after.outputs == before.outputs
    assert _sizes(after) != _sizes(before)
    x = np.random.default_rng(0).standard_normal((4, 1, 6, 6, 3), dtype=np.float32)
    for want, got in zip(
        interpret_samples(before, [x]).outputs, interpret_samples(after, [x]).outputs, strict=True
    ):
        np.testing.assert_allclose(got, want, atol=1e-5 * np.abs(want).max())
    again = rewrite(after, target)
    assert [(n.name, n.op, n.inputs, n.attrs) for n in again.nodes] == [
        (n.name, n.op, n.inputs, n.attrs) for n in after.nodes
    ]


def _sizes(graph: Graph) -> list[tuple[object, ...]]:
    return [
        (node.op, graph.values[node.outputs[0]].shape, [graph.values[x].quant for x in node.inputs])
        for node in graph.nodes
    ]


def test_the_order_names_every_pass_and_ends_with_few_nodes() -> None:
    assert sorted(ORDER) == list(registry.names(PASSES))
    ops = [node.op for node in run_passes(graph_with_everything(), None).nodes]
    assert ops == [
        "depthwise_conv2d", "conv2d", "depthwise_conv2d", "add", "add",
        "average_pool2d", "fully_connected",
    ]  # fmt: skip
