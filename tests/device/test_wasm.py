# SPDX-License-Identifier: Apache-2.0
"""WebAssembly modules in wasmtime: every value is the oracle's, states live on, a module that
traps is named. The case tables of ops run with `--all`; by default some of those with vectors.
"""

from __future__ import annotations

import re

import pytest

from cases import all_cases
from device._nets import NETS, assert_case, equal, package, samples
from iseul.compile import compile_graph
from iseul.core.errors import ToolError
from iseul.device import _wasm
from iseul.device.runners import wasm
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

pytestmark = pytest.mark.skipif(
    wasm.available() is not None, reason=(wasm.available() or "").replace("\n", " ")
)
BY_DEFAULT = ("conv2d/3x3 of many channels", "conv2d/10x4 kernel")


@pytest.mark.parametrize("net", NETS)
def test_every_value_is_the_oracles(net):
    packed = package(net, "wasm")
    inputs = samples(packed.graph, 3)
    names = [name for node in packed.graph.nodes for name in node.outputs]
    want = interpret_samples(packed.graph, inputs, keep=names)
    got = wasm.run(packed, inputs, trace=names)
    for name in names:
        assert equal(got.values[name], want.values[name]), name
    for a, b in zip(got.outputs, want.outputs, strict=True):
        assert equal(a, b)


@pytest.mark.parametrize("stateful", [False, True])
def test_state_starts_fresh_or_lives_on(stateful):
    packed = package("running_sum", "wasm")
    inputs = samples(packed.graph, 5)
    want = interpret_samples(packed.graph, inputs, stateful=stateful).outputs[0]
    assert equal(wasm.run(packed, inputs, stateful=stateful).outputs[0], want)


def test_the_engine_has_a_version():
    assert re.fullmatch(r"\d+(\.\d+)+", wasm.versions()["wasmtime"])


def test_selftest_passes():
    assert wasm.selftest(package("chain", "wasm")) == 0


def test_operators_are_counted_per_step_and_are_the_same_again():
    packed = package("chain", "wasm")
    path = _wasm.link(packed, None, traced=True)
    sample = [x[0] for x in samples(packed.graph, 1)]
    counts = _wasm.count_steps(packed, path, sample)
    assert len(counts) == len(packed.steps) + 1
    assert min(counts) > 0
    assert counts == _wasm.count_steps(packed, path, sample)


def test_a_trap_names_the_function():
    instance = _wasm.Instance(package("chain", "wasm"), _wasm.link(package("chain", "wasm"), None))
    instance.store.set_fuel(10)
    with pytest.raises(ToolError, match="chain in WebAssembly: invoke trapped"):
        instance.invoke()


@pytest.mark.parametrize(
    "case",
    [
        case if case.name in BY_DEFAULT else pytest.param(case, marks=pytest.mark.slow)
        for case in all_cases()
    ],
    ids=lambda case: case.name,
)
def test_case(case):
    if "host" in case.skips:
        pytest.skip(case.skips["host"])
    graph = case.graph()
    inputs = case.inputs(graph)
    got = wasm.run(compile_graph(graph, load_target("wasm")), inputs, stateful=True).outputs
    want = interpret_samples(graph, inputs, stateful=True).outputs
    assert_case(case, got, want)
