# SPDX-License-Identifier: Apache-2.0
"""Verification: equal judges are called equal, and a changed constant is found and named."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from cases._case import Net, quant
from device._boards import ALL_BOARDS, C3, M55, ONE_PER_RUNNER, WITH_QEMU
from device._nets import M4, NETS, chain, package, samples
from iseul.compile import compile_graph
from iseul.core.errors import ShapeError, UsageError
from iseul.device import runner_of, verify
from iseul.device.runners import cortex_m, host
from iseul.device.verify import first_difference, random_inputs, verify_model, verify_package
from iseul.graph.files import save_graph
from iseul.graph.interpret import interpret_samples
from iseul.graph.ir import frozen_array, rebuild
from iseul.graph.ops import relu6
from iseul.targets import load_target

CONTRACT = {
    *("model", "target", "n_inputs", "judges", "equal", "first_difference", "outputs_sha256"),
}


@pytest.mark.parametrize("net", NETS)
def test_all_judges_agree_on_every_value(net):
    packed = package(net)
    inputs = samples(packed.graph, 8)
    verdict = verify_package(packed, inputs)
    assert verdict.keys() >= CONTRACT
    assert verdict["equal"] is True
    assert verdict["first_difference"] is None
    assert verdict["judges"] == ["numpy", "host", "cortex_m"]
    assert (verdict["n_inputs"], verdict["n_traced"]) == (8, 8)
    assert verdict["selftests"] == {"host": 0, "cortex_m": 0}
    assert verdict["target"] == M4


def test_hash_is_over_raw_output_bytes_in_order(monkeypatch):
    monkeypatch.setattr(verify, "CHUNK", 3)
    packed = package("every_int8_op")
    inputs = samples(packed.graph, 7)
    verdict = verify_package(packed, inputs, ("numpy", "host"))
    outputs = interpret_samples(packed.graph, inputs).outputs
    assert len(outputs) == 2
    raw = b"".join(output[i].tobytes() for i in range(7) for output in outputs)
    assert verdict["sha256_by_judge"]["numpy"] == hashlib.sha256(raw).hexdigest()


def _with_other_bias(packed, *names: str):
    """The package with the C of a graph in which the first bias of some nodes is another one.

    So it does not matter how a kernel lays its constants out. The change is the largest of a few
    with which the same kernels are chosen.
    """
    for step in (40_000, 4_000, 400):
        graph, changed = packed.graph, []
        for node in graph.nodes:
            if node.name in names:
                bias = graph.io(node).inputs[2]
                data = np.array(bias.data)
                data[0] += step
                changed.append(replace(bias, data=frozen_array(data)))
        assert len(changed) == len(names)
        other = compile_graph(rebuild(graph, values=changed), packed.target)
        if [s.kernel for s in other.steps] == [s.kernel for s in packed.steps]:
            # golden outputs stay those of the right graph
            files = {n: packed.files[n] if "golden" in n else other.files[n] for n in packed.files}
            return replace(packed, files=files)
    raise AssertionError("every change of a bias changes the kernels")


JUDGED = [("host", M4), ("cortex_m", M4), ("riscv", C3), pytest.param("qemu", M55, marks=WITH_QEMU)]


@pytest.mark.parametrize(("judge", "board"), JUDGED)
@pytest.mark.parametrize("net", ["chain", "residual", "every_int8_op"])
def test_a_changed_constant_is_found_and_its_node_named(net, judge, board):
    packed = package(net, board)
    inputs = samples(packed.graph, 6)
    kinds = ("conv2d", "fully_connected")
    weighted = [(s, p.node) for s in packed.steps for p in s.parts if p.op in kinds]
    for step, node in (weighted[0], weighted[-1]):
        bad = _with_other_bias(packed, node)
        verdict = verify_package(bad, inputs, ("numpy", judge))
        assert verdict["equal"] is False
        first = verdict["first_difference"]
        # of nodes that run by bands of rows, what comes out is compared: their last one is named
        assert (first["node"], first["op"]) == (step.node, step.parts[-1].op)
        assert first["judge"] == judge and node in first["among"]
        want = interpret_samples(packed.graph, inputs, keep=[first["value"]]).values[first["value"]]
        assert first["expected"] == want[(first["input"], *first["index"])]
        assert first["got"] != first["expected"]


@pytest.mark.parametrize(("judge", "board"), JUDGED)
def test_the_earliest_node_is_named_when_two_differ(judge, board):
    packed = package("chain", board)
    conv, last = packed.steps[0], packed.steps[-1]
    bad = _with_other_bias(packed, last.node, conv.node)
    inputs = samples(packed.graph, 4)
    verdict = verify_package(bad, inputs, ("numpy", judge))
    assert verdict["first_difference"]["node"] == conv.node


def test_differences_behind_the_trace_limit_are_found_in_the_outputs():
    packed = package("chain")
    bad = _with_other_bias(packed, packed.steps[-1].node)
    inputs = samples(packed.graph, 4)
    verdict = verify_package(bad, inputs, ("numpy", "host"), trace_limit=0)
    assert verdict["n_traced"] == 0
    assert verdict["equal"] is False
    assert verdict["first_difference"]["value"] == packed.graph.outputs[0]


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_selftest_of_a_changed_package_fails(board):
    packed = package("chain", board)
    bad = _with_other_bias(packed, packed.steps[0].node)
    verdict = verify_package(bad, samples(packed.graph, 1))
    assert verdict["selftests"] == {"host": 1, runner_of(packed.target): 1}


def test_few_samples_are_traced_at_once_where_their_values_are_many_bytes(monkeypatch):
    packed = package("residual")
    inputs = samples(packed.graph, 7)
    whole = verify_package(packed, inputs, ("numpy", "host"))
    monkeypatch.setattr(verify, "CHUNK_BYTES", 5000)
    assert 1 < verify._chunk(packed) < 7
    assert verify_package(packed, inputs, ("numpy", "host")) == whole
    monkeypatch.setattr(verify, "CHUNK_BYTES", 1)
    assert verify._chunk(packed) == 1


def test_no_samples_prove_nothing():
    packed = package("dense")
    with pytest.raises(ShapeError, match="no sample"):
        verify_package(packed, samples(packed.graph, 0))


@pytest.mark.parametrize("stateful", [False, True])
def test_state_starts_fresh_or_lives_on(stateful):
    packed = package("running_sum")
    x = np.full((6, 1, 3, 5), 20, np.int8)
    verdict = verify_package(packed, [x], stateful=stateful)
    assert verdict["equal"] is True
    for runner in (host, cortex_m):
        y = runner.run(packed, [x], stateful=stateful).outputs[0]
        want = [27, 47, 67, 87, 107, 127] if stateful else [27] * 6
        assert y[:, 0, 0, 0].tolist() == want


def test_unknown_judge():
    with pytest.raises(UsageError, match='no judge "hots"\\. did you mean "host"'):
        verify_package(package("dense"), samples(package("dense").graph, 1), ("numpy", "hots"))


def test_first_difference():
    a = np.array([[1, 2], [3, 4]], np.int8)
    assert first_difference(a, a.copy(), 0.0) is None
    assert first_difference(a, np.array([[1, 2], [0, 0]], np.int8), 9.0) == (1, 0)
    x = np.array([1.0, np.nan, 100.0], np.float32)
    assert first_difference(x, np.array([1.0, np.nan, 100.005], np.float32), 1e-4) is None
    assert first_difference(x, np.array([1.0, 0.0, 100.0], np.float32), 1e-4) == (1,)
    assert first_difference(x, np.array([1.001, np.nan, 100.0], np.float32), 1e-4) == (0,)


def test_random_inputs_are_seeded_and_reach_both_ends():
    graph = chain()
    a, b, c = (random_inputs(graph, 200, seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(a, b) and not np.array_equal(a, c)
    assert (a.min(), a.max(), a.dtype) == (-128, 127, np.int8)


@pytest.mark.parametrize("board", ALL_BOARDS)
def test_verify_model_takes_a_graph(board):
    verdict = verify_model(chain(), load_target(board), n_random=3, seed=5)
    assert verdict["equal"] is True
    assert (verdict["n_inputs"], verdict["target"]) == (3, board)


def test_verify_model_takes_a_file_and_the_host(tmp_path):
    path = tmp_path / "chain.iseul"
    save_graph(chain(), path)
    verdict = verify_model(path, "host", n_random=2)
    assert verdict["equal"] is True
    assert verdict["judges"] == ["numpy", "host"]
    assert verdict["model"] == str(path)
    again = verify_model(path, "host", samples(chain(), 2))
    assert again["outputs_sha256"] == verdict["outputs_sha256"]


def test_a_pass_that_changes_a_result_is_found() -> None:
    """The package is right about its own graph, but that is not the graph that was given."""
    net = Net("passes")
    x = net.int8((1, 4), 0.1, 0)
    y = net.node("relu", [x], quant=quant(0.1, 0), name="act")
    graph = net.graph([y], "quantized")
    other = rebuild(graph, [replace(graph.nodes[0], op="relu6", attrs=relu6.Attrs())])
    package = compile_graph(other, load_target("host"))
    inputs = [np.array([[[-5, 3, 70, 0]]], np.int8)]
    assert verify_package(package, inputs)["equal"]
    verdict = verify_package(package, inputs, origin=graph)
    first = verdict["first_difference"]
    assert (first["judge"], first["node"], first["index"]) == ("passes", "act", [0, 2])
    assert (first["expected"], first["got"]) == (70, 60)
    assert verify_package(package, inputs, origin=other)["equal"]
