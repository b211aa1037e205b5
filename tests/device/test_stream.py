# SPDX-License-Identifier: Apache-2.0
"""Streams on the device: host C and emulated chip compute what the network over windows does."""

from __future__ import annotations

import json
import wave

import numpy as np
import pytest

from device._nets import M4
from iseul import commands
from iseul.compile import compile_graph
from iseul.core.errors import UnsupportedError, UsageError
from iseul.device.measure import profile_package
from iseul.device.verify import verify_package
from iseul.graph.files import load_graph, save_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.passes._order import run_passes
from iseul.graph.stream import compare_windows, stream_graph
from iseul.targets import load_target
from unit._stream_nets import causal_net, padded_net, recurrent_net, stream_of

JUDGES = ("numpy", "host", "cortex_m")


WAKE_WORD = "mlperf_sww_int8"  # MLPerf Tiny's streaming wake word: 30 frames of 40 features
MOST_INSTRUCTIONS = 100_000  # of a frame on the Cortex-M4F


def _spoken_frames(data):
    """240 frames of 40 int8 features: recordings through the audio front end, 30 ms every 20."""
    pieces = []
    for name in ("silence", "yes", "noise", "no", "yes"):
        with wave.open(str(data / "audio" / f"micro_speech_{name}_1000ms.wav")) as file:
            pieces.append(np.frombuffer(file.readframes(file.getnframes()), "<i2"))
    sound = np.concatenate(pieces)
    frames = np.lib.stride_tricks.sliding_window_view(sound, 480)[::320][:240]
    front_end = load_graph(data / "models" / "tflite" / "tflm_audio_preprocessor_int8.tflite")
    return interpret_samples(front_end, [frames[:, None]], stateful=True).outputs[0]


def test_the_wake_word_network_on_speech(shared_data):
    path = shared_data / "models" / "tflite" / f"{WAKE_WORD}.tflite"
    if not path.is_file():
        pytest.skip(f"no {path}")
    graph = load_graph(path)
    streamed, package = _packed(graph, None)
    hops = _spoken_frames(shared_data).reshape(-1, 1, 1, 1, 40)
    assert len(np.unique(hops)) > 100  # speech, not silence
    verdict = verify_package(package, [hops], JUDGES, stateful=True)
    assert verdict["equal"], verdict["first_difference"]
    found = compare_windows(streamed, hops, graph)
    assert found["equal"], found["first_difference"]
    assert found["n_windows"] - (streamed.plan.filled - 1) >= 200
    profile = profile_package(package, [hops[:1]])
    assert profile["instructions"] <= MOST_INSTRUCTIONS
    assert profile["ram"]["arena_bytes"] + profile["ram"]["state_bytes"] <= 5000


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


def test_commands_take_streams(tmp_path):
    """compile, check, predict and verify by a file; what `stream` says in their JSON."""
    graph, axis = causal_net(102)
    path = tmp_path / "net.iseul"
    save_graph(graph, path)
    how = commands.stream_options(True, axis, None)
    made = commands.compile_model(path, "host", "speed", "c", tmp_path / "c", (), how)
    assert made["stream"] == json.loads((tmp_path / "c" / "package.json").read_text())["stream"]
    stream = made["stream"]
    assert (stream["axis"], stream["equal"]) == (axis, "every window")
    assert stream["macs_per_invoke"] < stream["macs_per_window"]
    assert f"{stream['hop_frames']} of {stream['window_frames']} frames" in commands.compile_lines(
        made
    )
    assert commands.check(path, "host", how)["state_bytes"] > 0
    found = commands.verify(path, "host", None, 3, 0, False, how)
    assert found["equal"]
    assert found["n_inputs"] == stream["filled_after_invokes"] + 2
    assert found["stream"]["windows"]["n_windows"] == found["n_inputs"]
    assert "windows by the network over windows" in commands.verdict_lines(found)


def test_commands_refuse_what_can_not_stream(tmp_path):
    path = tmp_path / "net.iseul"
    save_graph(padded_net("mean", (1, 1)), path)
    how = commands.stream_options(True, 1, None)
    found = commands.check(path, "host", how)
    assert not found["supported"]
    assert [node["op"] for node in found["nodes"]] == ["conv2d", "conv2d"]
    with pytest.raises(UnsupportedError, match="can not be streamed along axis 1"):
        commands.compile_model(path, "host", "speed", "c", tmp_path / "c", (), how)
    assert not (tmp_path / "c").exists()
    with pytest.raises(UsageError, match="--stream"):
        commands.stream_options(False, 1, None)
