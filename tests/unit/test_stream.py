# SPDX-License-Identifier: Apache-2.0
"""Networks over windows as streams: equal to the bit where they claim to be, else refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cases._case import Net, quant
from iseul.core.errors import UnsupportedError, UsageError
from iseul.graph.interpret import interpret, interpret_samples
from iseul.graph.ir import rebuild
from iseul.graph.passes._order import run_passes
from iseul.graph.stream import compare_windows, stream_graph
from unit._stream_nets import Causal, S, causal_net, padded_net, recurrent_net, stream_of

N_NETS = 24


def check_stream(graph, axis, hop=None, n_windows=4, seed=0):
    """The stream of a graph, after it was compared with the graph over windows."""
    streamed = stream_graph(graph, axis, hop)
    plan = streamed.plan
    n = plan.filled * n_windows if plan.since_reset else plan.filled + n_windows
    found = compare_windows(streamed, stream_of(streamed.graph, n, seed))
    assert found == {
        "n_windows": n_windows if plan.since_reset else n,
        "equal": True,
        "first_difference": None,
    }
    return streamed


@pytest.mark.parametrize("seed", range(N_NETS))
def test_random_nets(seed):
    graph, axis = causal_net(seed)
    streamed = check_stream(graph, axis, seed=seed)
    shape = list(graph.values[graph.inputs[0]].shape)
    shape[axis] = streamed.plan.hop
    assert list(streamed.graph.values[graph.inputs[0]].shape) == shape


@pytest.mark.parametrize("seed", range(0, N_NETS, 4))
def test_longer_hops(seed):
    graph, axis = causal_net(seed)
    least = stream_graph(graph, axis).plan.hop
    check_stream(graph, axis, 3 * least, seed=seed)
    if least > 1:
        with pytest.raises(UnsupportedError, match="must be a multiple of"):
            stream_graph(graph, axis, 2 * least + 1)


def test_the_oracle_over_windows_without_our_comparison():
    graph, axis = causal_net(3)
    streamed = stream_graph(graph, axis)
    n, hop, plan = 50, streamed.plan.hop, streamed.plan
    shape = list(graph.values["x"].shape)
    shape[axis] = n * hop
    whole = np.random.default_rng(5).integers(-128, 128, shape).astype(np.int8)
    hops = np.stack(np.split(whole, n, axis))
    got = interpret_samples(streamed.graph, [hops], stateful=True).outputs
    for i in range(plan.filled, n):
        end = (i + 1) * hop
        window = np.take(whole, np.arange(end - plan.window, end), axis)
        for k, output in enumerate(interpret(graph, [window]).outputs):
            facts = plan.frames(graph.outputs[k])
            shown = output
            if facts is not None:
                made = plan.made(graph.outputs[k])
                shown = np.take(output, np.arange(facts.end - made, facts.end), facts.axis)
            np.testing.assert_array_equal(got[k][i], shown)


def test_work_and_memory_are_those_of_a_frame():
    net = Causal(0)
    net.axis = 1
    x = net.int8((1, 30, 1, 4), S, 0)
    y = net.wide(net.deep(x, 5), 1, channels=8)
    y = net.deep(y, 26)
    graph = net.graph([y], "quantized")
    streamed = stream_graph(graph)
    rings = {state.value: state.initial.shape[1] for state in streamed.graph.states}
    assert sorted(rings.values()) == [5, 26]
    summary = streamed.summary()
    assert summary["macs_per_invoke"] == 4 * 5 + 4 * 8 + 8 * 26
    assert summary["outputs"] == [
        {"name": graph.outputs[0], "of": "frames", "frames": 1, "delay_frames": 0}
    ]


def test_a_wrong_ring_is_found():
    graph, axis = causal_net(4)
    streamed = stream_graph(graph, axis)
    hops = stream_of(streamed.graph, streamed.plan.filled + 2, 0)
    assert compare_windows(streamed, hops)["equal"]
    states = [replace(s, initial=s.initial ^ 0x55) for s in streamed.graph.states]
    wrong = replace(streamed, graph=rebuild(streamed.graph, states=tuple(states)))
    found = compare_windows(wrong, hops)
    assert not found["equal"]
    assert found["first_difference"]["invoke"] == 0
    assert found["first_difference"]["output"] in graph.outputs


def test_passes_come_first():
    graph, axis = causal_net(7)
    streamed = stream_graph(run_passes(graph, None), axis)
    hops = stream_of(streamed.graph, streamed.plan.filled + 3, 1)
    assert compare_windows(streamed, hops, graph)["equal"]


# --- padding


def test_padding_that_reaches_a_mean_is_refused_with_all_blockers():
    graph = padded_net("mean", (1, 1))
    with pytest.raises(UnsupportedError) as caught:
        stream_graph(graph, 1)
    names = [node.name for node in graph.nodes if node.op == "conv2d"]
    assert [blocker.name for blocker in caught.value.blockers] == names
    assert all("pads 1 frames before and 1 behind" in b.problem for b in caught.value.blockers)
    assert str(caught.value).count("try:") == 2


@pytest.mark.parametrize(("pads", "delay"), [((1, 1), 2), ((2, 0), 0), ((0, 2), 4)])
def test_frames_behind_padding_come_late_but_equal(pads, delay):
    streamed = check_stream(padded_net("frames", pads), 1)
    assert streamed.summary()["outputs"][0]["delay_frames"] == delay


def test_causal_padding_does_not_reach_the_last_frame():
    check_stream(padded_net("last", (2, 0)), 1)
    with pytest.raises(UnsupportedError):
        stream_graph(padded_net("last", (1, 1)), 1)


# --- recurrent layers


@pytest.mark.parametrize("op", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("valid", [False, True])
@pytest.mark.parametrize("every_step", [False, True])
def test_recurrent(op, valid, every_step):
    graph = recurrent_net(op, valid=valid, every_step=every_step)
    streamed = check_stream(graph, 1, n_windows=3)
    assert streamed.summary()["equal"] == "first window after reset"
    check_stream(graph, 1, 2, n_windows=2)


def test_recurrent_layers_wait_for_their_first_frame():
    graph = recurrent_net("gru", valid=True, every_step=False)
    streamed = stream_graph(graph, 1)
    hops = stream_of(streamed.graph, 3, 0)
    result = interpret_samples(streamed.graph, [hops], stateful=True)
    initial = next(s for s in streamed.graph.states if "gru" in s.value)
    moved = [
        not np.array_equal(
            interpret_samples(streamed.graph, [hops[:n]], stateful=True).state[initial.value],
            initial.initial,
        )
        for n in (1, 2, 3)
    ]
    assert moved == [False, False, True], result.state


# --- what is refused


def test_two_axes_ask_which():
    net = Net("image")
    x = net.int8((1, 9, 9, 2))
    w = net.weights((3, 3, 3, 2), 0)
    y = net.node("conv2d", [x, w, net.bias(3)], quant=quant(S))
    graph = net.graph([y], "quantized")
    with pytest.raises(UsageError, match="1 \\(9 frames\\), 2 \\(9 frames\\)"):
        stream_graph(graph)
    check_stream(graph, 1)
    check_stream(graph, 2)
    for axis in (0, 3, 7):
        with pytest.raises((UsageError, UnsupportedError)):
            stream_graph(graph, axis)


def _refused(build) -> str:
    net = Causal(0)
    net.axis = 1
    outputs = build(net)
    with pytest.raises(UnsupportedError) as caught:
        stream_graph(net.graph(outputs, "quantized"), 1)
    assert "try:" in str(caught.value)
    return str(caught.value)


def test_nothing_is_gained():
    def dense(net):
        x = net.int8((1, 6, 1, 2), S, 0)
        return [net.dense(net.node("reshape", [x], shape=(1, 12)), 12)]

    assert "no node works frame by frame" in _refused(dense)


def test_different_rates():
    def rates(net):
        x = net.int8((1, 12, 1, 2), S, 0)
        a = net.wide(x, 2, 2, channels=2)
        b = net.cut(net.wide(x, 3, channels=2), 0, 6)
        return [net.node("add", [a, b], quant=quant(0.1))]

    assert "different rates" in _refused(rates)


def test_a_constant_per_frame():
    def positions(net):
        x = net.int8((1, 12, 1, 2), S, 0)
        c = net.constant("p", np.arange(24, dtype=np.int8).reshape(1, 12, 1, 2), quant=quant(S))
        return [net.wide(net.node("add", [x, c], quant=quant(0.1)), 3)]

    assert "differs from frame to frame" in _refused(positions)


def test_backwards():
    def backwards(net):
        x = net.int8((1, 12, 1, 2), S, 0)
        begin, size, stride = (0, 11, 0, 0), (1, 12, 1, 2), (1, -1, 1, 1)
        return [net.wide(net.node("slice", [x], begin=begin, size=size, stride=stride), 3)]

    assert "backwards" in _refused(backwards)


def test_an_op_without_a_meaning_for_frames():
    def resized(net):
        x = net.int8((1, 12, 1, 2), S, 0)
        return [net.wide(net.node("resize_nearest", [x], size=(24, 1)), 3)]

    assert "resize_nearest has no meaning frame by frame" in _refused(resized)


def test_two_inputs():
    net = Causal(0)
    net.axis = 1
    x, y = net.int8((1, 8, 1, 2), S, 0, "x"), net.int8((1, 8, 1, 2), S, 0, "y")
    graph = net.graph([net.wide(net.node("add", [x, y], quant=quant(0.1)), 3)], "quantized")
    with pytest.raises(UnsupportedError, match="has 2 inputs"):
        stream_graph(graph)
