# SPDX-License-Identifier: Apache-2.0
"""Audio front ends beside TensorFlow Lite Micro over many invokes: states, whole frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from iseul.graph.interpret import initial_state, interpret
from iseul.graph.read import tflite
from unit._flexbuffer_bytes import encode
from unit._runtimes import Interpreter, missing
from unit._tflite_bytes import Model

pytestmark = pytest.mark.skipif(missing("tflm") is not None, reason=str(missing("tflm")))

AUDIO = "tflm_audio_preprocessor_int8"


def stacker(rng: np.random.Generator) -> tuple[Model, list[int]]:
    channels, left, right = (int(rng.integers(low, 6)) for low in (1, 0, 0))
    options = {
        "num_channels": channels,
        "stacker_left_context": left,
        "stacker_right_context": right,
        "stacker_step": int(rng.integers(1, left + right + 2)),
    }
    net = Model()
    x, y = (net.tensor((channels * n,), "int16") for n in (1, left + right + 1))
    valid = net.tensor((), "bool")
    net.custom("SignalStacker", [x], [y, valid], encode(options))
    return net, [x, y, valid]


def framer(rng: np.random.Generator) -> tuple[Model, list[int]]:
    step, frames = int(rng.integers(1, 6)), int(rng.integers(1, 4))
    size = step + int(rng.integers(0, 12))
    net = Model()
    x, y = net.tensor((frames * step,), "int16"), net.tensor((frames, size), "int16")
    valid = net.tensor((), "bool")
    options = {"frame_size": size, "frame_step": step, "prefill": False}
    net.custom("SignalFramer", [x], [y, valid], encode(options))
    return net, [x, y, valid]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("make", [stacker, framer])
def test_what_is_whole_is_that_of_tflite_micro(make: Any, seed: int, tmp_path: Path) -> None:
    """The library leaves what is not whole as it was in memory; so only whole frames count."""
    rng = np.random.default_rng([7, seed])
    net, (x, *outputs) = make(rng)
    data = net.encode([x], outputs)
    path = tmp_path / "net.tflite"
    path.write_bytes(data)
    graph = tflite.read(path)
    interpreter = Interpreter("tflm", data, 2)
    state = initial_state(graph)
    shape = graph.values[graph.inputs[0]].shape
    n_whole = 0
    for _ in range(20):
        frame = rng.integers(-(2**15), 2**15, shape).astype(np.int16)
        expected = interpreter.run([frame])
        result = interpret(graph, [frame], state)
        state = dict(result.state)
        valid = bool(expected[1])
        assert bool(result.outputs[1]) == valid
        if valid:
            n_whole += 1
            np.testing.assert_array_equal(result.outputs[0], expected[0])
    assert n_whole > 0


def test_audio_front_end_over_many_frames(shared_data: Path) -> None:
    """Noise estimates live on: the features of consecutive frames, loud and quiet."""
    path = shared_data / "models" / "tflite" / f"{AUDIO}.tflite"
    if not path.is_file():
        pytest.skip(f"no {path}")
    graph = tflite.read(path)
    interpreter = Interpreter("tflm", path.read_bytes(), 1)
    rng = np.random.default_rng(3)
    state = initial_state(graph)
    for i in range(30):
        loudness = 2.0 ** rng.uniform(0, 14)
        tone = np.sin(np.arange(480) * rng.uniform(0.01, 3)) + rng.normal(0, 0.3, 480)
        frame = (loudness * tone).clip(-(2**15), 2**15 - 1).astype(np.int16)[None]
        frame = frame if i % 7 else np.zeros_like(frame)
        expected = interpreter.run([frame])
        result = interpret(graph, [frame], state)
        state = dict(result.state)
        np.testing.assert_array_equal(result.outputs[0], expected[0])
