# SPDX-License-Identifier: Apache-2.0
"""Kernels for Helium: a changed number in any part of what they are given is found by verify, and
they need few instructions.

The plain C of the same files is judged, on the host; that a Cortex-M55 gets the same integers is
shown by test_cases.py.
"""

from __future__ import annotations

import pytest

from device._boards import M55, WITH_QEMU
from device._changes import changed, is_found
from device._nets import package
from iseul.compile import compile_graph
from iseul.device.measure import profile_package
from iseul.graph.passes._order import run_passes
from iseul.graph.read import tflite
from iseul.targets import load_target

# part: byte of a record behind its weights, how far it is moved
SCALES = {"bias": (2, 1), "multiplier": (3, 16), "shift": (0, -1)}


def _steps():
    """(net, node, bytes of weights in front of the first record of scales, channels in it)"""
    found = []
    for net in ("chain", "dense"):
        packed = package(net, M55)
        io_of = {node.name: packed.graph.io(node) for node in packed.graph.nodes}
        for step in packed.steps:
            weights = io_of[step.node].inputs[1]
            is_depthwise = step.op == "depthwise_conv2d"
            n = 1 if is_depthwise else 4
            taps = weights.n_elements // weights.shape[3 if is_depthwise else 0]
            assert step.kernel.endswith("_mve")
            found.append((net, step.node, n * 16 * -(-taps // 16), n))
    return found


def _moved(values, at, by):
    values[at] += by if -128 <= values[at] + by <= 127 else -by
    return values


@pytest.mark.parametrize(("net", "node", "front", "n"), _steps())
def test_every_part_of_a_record_matters(net, node, front, n):
    packed = package(net, M55)

    def other_weight(values):
        at = max(range(front), key=lambda i: abs(values[i]))
        return _moved(values, at, -values[at] // 2)

    assert is_found(changed(packed, node, "channels", other_weight), node, 40)
    for k, (byte, by) in enumerate(SCALES.values()):
        at = front + 4 * n * k + byte
        bad = changed(packed, node, "channels", lambda values, at=at, by=by: _moved(values, at, by))
        assert is_found(bad, node, 40), list(SCALES)[k]


def test_places_of_taps_matter():
    packed = package("chain", M55)
    node = next(s.node for s in packed.steps if s.op == "depthwise_conv2d")
    for i in range(3):
        bad = changed(packed, node, "words", lambda values, i=i: _moved_word(values, i))
        assert is_found(bad, node, 40)


def _moved_word(values, at):
    values[at] += 64
    return values


# instructions of TensorFlow Lite Micro with CMSIS-NN's Helium kernels, on the same emulated core
PEER = {
    "mlperf_kws_dscnn_int8": 1_813_080,
    "mlperf_vww_mbv1_025_96_int8": 6_558_317,
    "mlperf_ic_resnet8_int8": 4_913_786,
    "mlperf_ad_ae_int8": 150_000,
    "mlperf_sww_int8": 407_963,
}
ONE_OF_FIVE = "mlperf_ad_ae_int8"


@WITH_QEMU
@pytest.mark.parametrize(
    "model", [m if m == ONE_OF_FIVE else pytest.param(m, marks=pytest.mark.slow) for m in PEER]
)
def test_instructions_are_two_thirds_of_the_peers_at_most(model, shared_data):
    path = shared_data / "models" / "tflite" / f"{model}.tflite"
    if not path.is_file():
        pytest.skip(f"no {path}")
    board = load_target(M55)
    profile = profile_package(compile_graph(run_passes(tflite.read(path), board), board))
    assert 3 * profile["instructions"] <= 2 * PEER[model]
    assert profile["ram"]["arena_touched_bytes"] == profile["ram"]["arena_bytes"]
