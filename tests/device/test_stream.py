# SPDX-License-Identifier: Apache-2.0
"""Streams on the device: host C and emulated chip compute what the network over windows does."""

from __future__ import annotations

import numpy as np
import pytest

from device._nets import M4
from iseul.compile import compile_graph
from iseul.device.measure import profile_package
from iseul.device.verify import verify_package
from iseul.graph.passes._order import run_passes
from iseul.graph.stream import compare_windows, stream_graph
from iseul.targets import load_target
from unit._stream_nets import causal_net, recurrent_net, stream_of

JUDGES = ("numpy", "host", "cortex_m")


def _packed(graph, axis, hop=None, board=M4):
    target = load_target(board)
    streamed = stream_graph(run_passes(graph, target), axis, hop)
    return streamed, compile_graph(streamed.graph, target, about=streamed.about())


@pytest.mark.parametrize("seed", range(100, 103))
def test_random_nets_on_all_judges(seed):
    graph, axis = causal_net(seed)
    streamed, package = _packed(graph, axis)
    hops = stream_of(streamed.graph, streamed.plan.filled + 3, seed)
    verdict = verify_package(package, [hops], JUDGES, stateful=True)
    assert verdict["equal"], verdict["first_difference"]
    assert set(verdict["selftests"].values()) == {0}
    assert compare_windows(streamed, hops, graph)["equal"]


def test_a_recurrent_layer_behind_a_convolution():
    streamed, package = _packed(recurrent_net("lstm", valid=True, every_step=False), 1)
    hops = stream_of(streamed.graph, streamed.plan.filled, 1)
    verdict = verify_package(package, [hops], JUDGES, stateful=True)
    assert verdict["equal"], verdict["first_difference"]


def test_rings_move_in_place():
    graph, axis = causal_net(100)
    streamed, package = _packed(graph, axis)
    slides = [step for step in package.steps if step.op == "slide"]
    assert slides
    # what becomes the state is written over it: it has no bytes in the arena
    assert all(not step.outputs and len(step.kept) == 1 for step in slides)
    assert package.state_bytes >= sum(s.initial.nbytes for s in streamed.graph.states)
    assert len(package.plan.kept) == len(slides)
    ram = profile_package(package)["ram"]
    assert ram["arena_touched_bytes"] == ram["arena_bytes"] == package.plan.arena_bytes
    assert ram["state_bytes"] == package.state_bytes


def test_the_interface_says_what_an_invoke_takes():
    graph, axis = causal_net(100)
    streamed, package = _packed(graph, axis)
    head = package.files[f"{package.name}.h"]
    assert f"the next {streamed.plan.hop} of the {streamed.plan.window} frames" in " ".join(
        head.replace("//", "").split()
    )
    assert np.prod(streamed.graph.values[graph.inputs[0]].shape) == package.plan.buffers[0].n_bytes
