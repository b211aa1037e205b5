# SPDX-License-Identifier: Apache-2.0
"""The int8 models of MLPerf Tiny on the emulated Cortex-M4: the bytes of TensorFlow Lite Micro.

The expected bytes come from TFLM's reference kernels (commit 90b983c2), which CMSIS-NN equals:
an oracle that shares no code with ours.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from device._nets import M4
from iseul.compile import compile_graph
from iseul.device.runners import cortex_m, host
from iseul.graph.passes._order import run_passes
from iseul.graph.read import tflite
from iseul.targets import load_target

# file: output for an input of zeros, output for the generator's bytes; hex, or a hash if long
EXPECTED = {
    "mlperf_kws_dscnn_int8": ("ff80808080ff808080808081", "8080808080808080809a8066"),
    "mlperf_vww_mbv1_025_96_int8": ("748c", "7888"),
    "mlperf_ic_resnet8_int8": ("bb800c8385848380aa80", "8080828380807b808080"),
    "mlperf_ad_ae_int8": ("5f55280fb4d4995a", "7f67a56045f734a0"),
}


def _bytes(n: int) -> np.ndarray:
    """n bytes of s = s * 1664525 + 1013904223 mod 2^32 from 12345, the upper byte of each."""
    state, found = 12345, []
    for _ in range(n):
        state = (state * 1664525 + 1013904223) % 2**32
        found.append(state >> 24)
    return np.array(found, np.uint8).view(np.int8)


@pytest.mark.parametrize("model", EXPECTED)
def test_outputs_are_those_of_tflm(model, shared_data):
    path = shared_data / "models" / "tflite" / f"{model}.tflite"
    if not path.is_file():
        pytest.skip(f"no {path}")
    board = load_target(M4)
    package = compile_graph(run_passes(tflite.read(path), board), board)
    shape = package.graph.values[package.graph.inputs[0]].shape
    zeros = np.zeros(shape, np.int8)
    x = np.stack([zeros, _bytes(zeros.size).reshape(shape)])
    for runner in (host, cortex_m):
        raw = [y.tobytes() for y in runner.run(package, [x]).outputs[0]]
        if len(raw[0]) > 16:
            got = tuple(hashlib.sha256(one).hexdigest()[:16] for one in raw)
        else:
            got = tuple(one.hex() for one in raw)
        assert got == EXPECTED[model]
