# SPDX-License-Identifier: Apache-2.0
"""Kernels for vectors of 128 bits: what they do to sums is requantization, on this machine, in
plain C and in WebAssembly; a changed number in any part of what they are given is found by
verify.

That they compute what their ops mean is shown by test_cases.py on the host and by test_wasm.py.
"""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from device._changes import changed, is_found
from device._nets import package, samples
from iseul.compile import compile_graph
from iseul.compile.emit.c import RUNTIME
from iseul.device import _wasm
from iseul.device._toolchain import environment, find_host_compiler
from iseul.device.runners import wasm
from iseul.numerics.requantize import requantize
from iseul.targets import load_target

WITH_WASM = pytest.mark.skipif(
    wasm.available() is not None, reason=(wasm.available() or "").replace("\n", " ")
)

# --- sums to int8

SCALE = """
#include "iseul_simd128.h"
int scaled(int32_t n, const int32_t *sums, const int32_t *t, const int32_t *want);
int scaled(int32_t n, const int32_t *sums, const int32_t *t, const int32_t *want) {
  for (int32_t i = 0; i < n; i += 4, sums += 4, t += 48, want += 4) {
    const iseul_s32x4_t got = iseul_scale_s32x4(iseul_load_s32x4(sums), t);
    int32_t words[4];
    memcpy(words, &got, sizeof words);
    for (int32_t k = 0; k < 4; ++k) {
      if (words[k] != want[k]) {
        return 1 + i + k;
      }
    }
  }
  return 0;
}
"""


def _scales(rng, n):
    """Sums, multipliers and shifts: all shifts, ends of both ranges, and any between."""
    sums = rng.integers(-(1 << 30), (1 << 30) + 1, n)
    small = rng.integers(-(1 << 22), 1 << 22, n)
    sums = np.where(rng.random(n) < 0.5, small, sums)
    ends = [0, 1, -1, 1 << 30, -(1 << 30), (1 << 30) - 1, 1 - (1 << 30), 255, -256]
    sums[: len(ends) * 31 * 4] = np.repeat(ends, 31 * 4)[: len(sums)]
    multiplier = rng.integers(1 << 30, 1 << 31, n)
    of_ends = rng.choice([1 << 30, (1 << 31) - 1, 3 << 29], n)
    multiplier = np.where(rng.random(n) < 0.3, of_ends, multiplier)
    return sums, multiplier, -(1 + np.arange(n) // 4 % 31)


def _table(multiplier, shift, zero_point):
    """Per four channels 48 words of which the first four of each eight are theirs."""
    n = -shift
    rows = [0 * n, 2 * multiplier, multiplier, (1 << (n - 1)) + (1 << 31), 1 << (32 - n)]
    words = np.stack([*rows, zero_point - (1 << (31 - n))]).reshape(6, -1, 4).transpose(1, 0, 2)
    words = words.copy()
    words[:, 2:5] = words[:, 2:5][:, :, [0, 2, 1, 3]]
    full = np.zeros((len(words), 6, 8), np.int64)
    full[:, :, :4] = words
    return np.ascontiguousarray(full & 0xFFFF_FFFF).astype(np.uint32).view(np.int32)


@pytest.mark.parametrize("flags", [(), ("-U__SSE2__", "-U__ARM_NEON")], ids=["vectors", "plain"])
def test_sums_become_what_requantize_makes_of_them(flags, tmp_path):
    host = find_host_compiler()
    (tmp_path / "scale.c").write_text(SCALE)
    words = [*host.command, *host.flags, *flags, "-fPIC", "-shared", "-I", str(RUNTIME)]
    subprocess.run(
        [*words, "scale.c", "-o", "scale.so"], cwd=tmp_path, env=environment(), check=True
    )
    library = ctypes.CDLL(str(tmp_path / "scale.so"))
    rng = np.random.default_rng(3)
    sums, multiplier, shift = _scales(rng, 1 << 16)
    want = requantize(sums, multiplier, shift) - 7
    given = ((sums + (1 << 31)) & 0xFFFF_FFFF).astype(np.uint32)
    table = _table(multiplier, shift, -7)
    expected = want.astype(np.int32)

    def scaled(expected):
        pointers = [x.ctypes.data_as(ctypes.c_void_p) for x in (given, table, expected)]
        return library.scaled(ctypes.c_int32(len(given)), *pointers)

    assert scaled(expected) == 0
    expected[12345] += 1
    assert scaled(expected) == 12346


# --- every constant matters


def _moved(values, at, by):
    values[at] = (values[at] + by + 2**31) % 2**32 - 2**31
    return values


# word of eight channels' scales: how far it is moved
SCALES = {"bias": 1 << 14, "twice": 1 << 27, "less": 1 << 26, "half": 1 << 26, "offset": 3}


def _steps():
    return [
        (net, step.node, step.kernel)
        for net in ("chain", "dense")
        for step in package(net, "host").steps
        if step.kernel.endswith("_simd128")
    ]


def test_all_of_both_nets_run_on_vectors():
    kernels = {kernel for _, _, kernel in _steps()}
    assert kernels == {"iseul_conv2d_s8_simd128", "iseul_depthwise_conv2d_s8_simd128"}
    assert len(_steps()) >= 4


@pytest.mark.parametrize(("net", "node", "kernel"), _steps())
def test_every_constant_matters(net, node, kernel):
    packed = package(net, "host")

    def other_weight(values):
        at = max(range(len(values)), key=lambda i: abs(values[i]))
        values[at] //= 2
        return values

    assert is_found(changed(packed, node, "weights", other_weight), node, 24)
    for k, by in enumerate((SCALES["bias"], SCALES["twice"], SCALES["less"], SCALES["half"])):
        bad = changed(packed, node, "scales", lambda v, k=k, by=by: _moved(v, 8 * k, by))
        assert is_found(bad, node, 24), k
    bad = changed(packed, node, "scales", lambda v: _moved(v, 32, v[32]))
    assert is_found(bad, node, 24), "factor"
    bad = changed(packed, node, "scales", lambda v: _moved(v, 40, SCALES["offset"]))
    assert is_found(bad, node, 24), "offset"
    if "depthwise" in kernel:
        bad = changed(packed, node, "places", lambda v: [*v[:1], v[1] + 8, *v[2:]])
        assert is_found(bad, node, 24), "places"


@WITH_WASM
def test_a_changed_constant_is_found_in_webassembly():
    packed = package("chain", "wasm")
    node = next(step.node for step in packed.steps if step.kernel.endswith("_simd128"))
    assert is_found(changed(packed, node, "scales", lambda v: _moved(v, 40, 3)), node, 24, "wasm")


# --- speed


@WITH_WASM
@pytest.mark.parametrize("net", ["chain", "dense"])
def test_vectors_take_few_operators(net):
    packed = package(net, "wasm")
    board = load_target("wasm").model_copy(update={"isas": ("c",)})
    plain = compile_graph(packed.graph, board)
    sample = [x[0] for x in samples(packed.graph, 1)]
    counts = [
        sum(_wasm.count_steps(each, _wasm.link(each, None, traced=True), sample))
        for each in (packed, plain)
    ]
    assert 5 * counts[0] <= 2 * counts[1], counts
