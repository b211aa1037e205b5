# SPDX-License-Identifier: Apache-2.0
"""States on the device: carried from invoke to invoke, reset, and compared by verify."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from cases._case import quant
from device._nets import M4
from iseul.compile import compile_graph
from iseul.core import registry
from iseul.core.seed import generator
from iseul.device import RUNNERS
from iseul.device.measure import profile_package
from iseul.device.verify import verify_package
from iseul.graph.build import Builder
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target

JUDGES = ("numpy", "host", "cortex_m")
N_IN, SIZES = 6, (5, 3)


def stacked_lstm(kind="int8"):
    """Two LSTM layers whose last states are outputs too, and a state that only counts."""
    b = Builder("stacked")
    random = generator(0, "stacked", kind)
    real = kind == "float32"
    s_h = 1 / 128
    x = b.input("x", (1, 2, N_IN), kind, None if real else quant(0.05, 3))
    y, n, s_x, outputs = x, N_IN, 0.05, []
    for layer, size in enumerate(SIZES):
        zero = 0 if real else 4 * layer
        q_h, q_c = (None, None) if real else (quant(s_h, zero), quant(2.0**-11))
        hidden = b.state(f"h{layer}", np.full((1, size), zero, kind), q_h)
        cell = b.state(f"c{layer}", np.zeros((1, size), kind if real else np.int16), q_c)
        matrices, biases = [], []
        for back in (False, True):
            width, s = (size, s_h) if back else (n, s_x)
            for gate in range(4):
                w = random.normal(0, width**-0.5, (size, width)).astype(np.float32)
                q_w = None
                if not real:
                    s_w = float(np.float32(3 * width**-0.5 / 127))
                    q_w, w = quant(s_w), np.clip(np.round(w / s_w), -127, 127).astype(np.int8)
                matrices.append(b.constant(f"w{layer}{back}{gate}", w, quant=q_w))
                if not back:
                    bias = random.normal(0, 0.5, size).astype(np.float32)
                    q_b = None
                    if not real:
                        q_b = quant(float(np.float32(s) * np.float32(s_w)))
                        bias = np.round(bias / q_b.scale[0]).astype(np.int32)
                    biases.append(b.constant(f"b{layer}{gate}", bias, quant=q_b))
        y = b.node(
            "lstm",
            [y, hidden, cell, *matrices, *biases],
            name=f"lstm{layer}",
            dtype=(kind, kind, "float32" if real else "int16"),
            quant=(q_h, q_h, q_c),
        )
        _, next_hidden, next_cell = b.outputs_of(y)
        b.next_state(hidden, next_hidden)
        b.next_state(cell, next_cell)
        outputs += [next_hidden, next_cell]
        n, s_x = size, s_h
    return b.graph([y, *outputs], "float" if real else "quantized")


def stream(graph, n=6):
    random = generator(1, "stream")
    value = graph.values[graph.inputs[0]]
    if value.is_float:
        return [random.normal(size=(n, *value.shape)).astype(np.float32)]
    return [random.integers(-128, 127, (n, *value.shape), endpoint=True).astype(np.int8)]


@pytest.fixture(scope="module")
def package():
    return compile_graph(stacked_lstm(), load_target(M4))


@pytest.mark.parametrize("kind", ["int8", "float32"])
@pytest.mark.parametrize("stateful", [False, True])
def test_judges_agree_on_values_and_states(kind, stateful):
    graph = stacked_lstm(kind)
    package = compile_graph(graph, load_target(M4))
    verdict = verify_package(package, stream(graph), JUDGES, stateful=stateful)
    assert verdict["equal"], verdict["first_difference"]
    assert set(verdict["selftests"].values()) == {0}


def test_a_stream_is_not_its_samples_one_by_one(package):
    inputs = stream(package.graph)
    runner = registry.load(RUNNERS, "host")
    fresh = runner.run(package, inputs).outputs
    carried = runner.run(package, inputs, stateful=True).outputs
    np.testing.assert_array_equal(fresh[0][0], carried[0][0])
    assert (fresh[0][1:] != carried[0][1:]).any()


def test_states_are_traced(package):
    inputs = stream(package.graph)
    names = [state.value for state in package.graph.states]
    want = interpret_samples(package.graph, inputs, keep=names, stateful=True)
    for judge in JUDGES[1:]:
        got = registry.load(RUNNERS, judge).run(package, inputs, trace=names, stateful=True)
        for state in package.graph.states:
            np.testing.assert_array_equal(got.values[state.value], want.values[state.value])
            np.testing.assert_array_equal(
                got.values[state.value],
                got.outputs[package.graph.outputs.index(state.next)],
            )
    np.testing.assert_array_equal(want.values[names[0]][-1], want.state[names[0]])


def test_profile_counts_the_states(package):
    ram = profile_package(package)["ram"]
    # each begins at a multiple of 8: int8 and int16 of 5 units, then of 3
    assert ram["state_bytes"] == package.state_bytes == 8 + 16 + 8 + 8
    assert ram["model_bytes"] == 8 + ram["state_bytes"]
    assert ram["arena_touched_bytes"] == ram["arena_bytes"]


@pytest.mark.parametrize("seed", range(8))
def test_random_programs_of_states(seed):
    """Sums and renamings of inputs and states; each state becomes any value, another state too."""
    random = generator(seed, "programs")
    b = Builder(f"program_{seed}")
    q = quant(0.05, -3)
    values = [b.input("x", (1, 4), "int8", q)]
    values.append(b.constant("k", random.integers(-9, 9, (1, 4)).astype(np.int8), quant=q))
    states = []
    for i in range(random.integers(1, 5)):
        start = random.integers(-128, 127, (1, 4)).astype(np.int8)
        states.append(b.state(f"s{i}", start, q))
    values += states
    for i in range(random.integers(2, 9)):
        first, second = (values[random.integers(len(values))] for _ in range(2))
        if random.random() < 0.3:
            values.append(b.node("reshape", [first], shape=(1, 4), name=f"v{i}"))
        else:
            values.append(b.node("add", [first, second], quant=q, name=f"v{i}"))
    for state in states:
        b.next_state(state, values[random.integers(len(values))])
    outputs = {values[-1], values[random.integers(len(values))]}
    graph = b.graph(sorted(outputs), "quantized")
    package = compile_graph(graph, load_target("host"))
    verdict = verify_package(package, stream(graph), JUDGES[:2], stateful=True)
    assert verdict["equal"], verdict["first_difference"]
    assert verdict["selftests"] == {"host": 0}


def filtered(shown):
    """Two SVDF layers. shown: the states' next values are outputs too."""
    b = Builder("filtered")
    random = generator(0, "filtered")
    y, n, s = b.input("x", (1, 7), "int8", quant(0.05, 3)), 7, 0.05
    outputs = []
    for layer, (kind, units, memory) in enumerate((("int8", 6, 7), ("int16", 5, 6))):
        s_state = s * 0.01 * 74 * 74 * n**0.5 / (50 if kind == "int8" else 12000)
        q = quant(s_state, -9 if kind == "int8" else 0)
        start = random.integers(-100, 100, (1, units * memory)).astype(kind)
        state = b.state(f"s{layer}", start, q)
        feature = random.integers(-127, 128, (units, n)).astype(np.int8)
        time = random.integers(-127, 128, (units, memory)).astype(kind)
        q_out = quant(s_state * 0.02 * 50 * 64 * memory**0.5 / 50, 4)
        values = [
            *(y, state, b.constant(f"f{layer}", feature, quant=quant(0.01))),
            b.constant(f"t{layer}", time, quant=quant(0.02)),
        ]
        y = b.node("svdf", values, dtype=("int8", kind), quant=(q_out, q), name=f"svdf{layer}")
        b.next_state(state, b.outputs_of(y)[1])
        outputs.append(b.outputs_of(y)[1])
        n, s = units, q_out.scale[0]
    return b.graph([y, *(outputs if shown else ())], "quantized")


def test_states_that_nothing_else_reads_change_where_they_lie():
    """No copy, no room in the arena; the same states."""
    apart, alone = (compile_graph(filtered(shown), load_target(M4)) for shown in (True, False))
    assert "memcpy((uint8_t *)m->state" in apart.files["filtered.c"]
    assert "memcpy((uint8_t *)m->state" not in alone.files["filtered.c"]
    assert [step.kernel for step in alone.steps] == ["iseul_svdf_s8_dsp", "iseul_svdf_s16_dsp"]
    assert alone.plan.arena_bytes < apart.plan.arena_bytes
    names = [state.value for state in alone.graph.states]
    inputs = [generator(1, "x").integers(-128, 128, (9, 1, 7)).astype(np.int8)]
    want = interpret_samples(alone.graph, inputs, keep=names, stateful=True)
    for package in (apart, alone):
        assert verify_package(package, inputs, JUDGES, stateful=True)["equal"]
        for judge in JUDGES[1:]:
            got = registry.load(RUNNERS, judge).run(package, inputs, trace=names, stateful=True)
            for name in names:
                np.testing.assert_array_equal(got.values[name], want.values[name])


def test_the_self_test_sees_a_state_in_its_own_memory():
    package = compile_graph(filtered(False), load_target("nucleo-l4r5zi"))
    wrong = broken(package, "iseul_svdf_s16_dsp.c", "memcpy(now_last, &v", "memcpy(now_last, &acc")
    for judge in JUDGES[1:]:
        runner = registry.load(RUNNERS, judge)
        assert runner.selftest(package) == 0
        assert runner.selftest(wrong) != 0


# --- what verify finds: C that is wrong in one place


def broken(package, file, old, new):
    text = package.files[file]
    assert text.count(old) >= 1, (file, old)
    return replace(
        package, files=MappingProxyType({**package.files, file: text.replace(old, new, 1)})
    )


def first_difference(package, stateful):
    verdict = verify_package(package, stream(package.graph), JUDGES[:2], stateful=stateful)
    assert not verdict["equal"]
    return verdict["first_difference"]


def test_a_kernel_that_leaves_a_wrong_state_is_found(package):
    wrong = broken(package, "iseul_lstm_s8_dsp.c", "memcpy(last, h, ", "memcpy(last, hidden, ")
    found = first_difference(wrong, stateful=False)
    assert (found["node"], found["op"], found["value"]) == ("lstm0", "lstm", "lstm0_1")


def test_a_state_that_is_not_carried_on_is_found(package):
    at = package.plan.offset_of("lstm1_1")
    old = f"memcpy((uint8_t *)m->state + 24, m->arena + {at}, 3);"
    wrong = broken(package, "stacked.c", old, old.replace("3)", "2)"))
    for stateful in (False, True):
        found = first_difference(wrong, stateful)
        assert (found["node"], found["op"], found["index"]) == ("h1", "state", [0, 2])
    assert found["input"] == 0  # the stream's first sample, not what comes of it


def test_the_self_test_carries_states(package):
    """It invokes twice, so that it sees more than steps."""
    at = package.plan.offset_of("lstm1_2")
    old = f"memcpy((uint8_t *)m->state + 32, m->arena + {at}, 6);"
    wrong = broken(package, "stacked.c", old, old.replace("6)", "4)"))
    for judge in JUDGES[1:]:
        runner = registry.load(RUNNERS, judge)
        assert runner.selftest(package) == 0
        assert runner.selftest(wrong) == 1 + len(package.steps)


def test_a_wrong_reset_is_found(package):
    wrong = broken(package, "stacked.c", "stacked_h1_initial, 3)", "stacked_h1_initial, 2)")
    found = first_difference(wrong, stateful=False)
    assert (found["node"], found["op"]) == ("lstm1", "lstm")


def test_reset_starts_a_stream_afresh(package):
    """`<name>_reset` between two runs of the same stream."""
    inputs = stream(package.graph, 3)
    twice = [np.concatenate([x, x]) for x in inputs]
    want = interpret_samples(package.graph, inputs, stateful=True).outputs
    file = "stacked.c"
    text = package.files[file].replace(
        "int stacked_invoke(stacked_t *m) {",
        "int stacked_invoke(stacked_t *m) {\n"
        "  static int n;\n"
        "  if (n++ == 3) {\n"
        "    stacked_reset(m);\n"
        "  }",
    )
    changed = replace(package, files=MappingProxyType({**package.files, file: text}))
    got = registry.load(RUNNERS, "host").run(changed, twice, stateful=True).outputs
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a[:3], b)
        np.testing.assert_array_equal(a[3:], b)
