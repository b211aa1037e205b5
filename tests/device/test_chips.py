# SPDX-License-Identifier: Apache-2.0
"""The linked image on every emulated chip: the same integers, and faults that are named."""

from __future__ import annotations

import re

import pytest

from device._boards import ALL_BOARDS, C3, CORTEX_M, M55, ONE_PER_RUNNER
from device._nets import NETS, equal, package, samples
from device._stub import stub_image
from iseul.core import registry
from iseul.core.errors import ToolError, UnsupportedError
from iseul.device import RUNNERS, _chip, runner_of
from iseul.device._chip import Chip, family_of
from iseul.device.verify import judges_of
from iseul.graph.interpret import interpret_samples
from iseul.targets import load_target, target_names


def _runner(board: str):
    return registry.load(RUNNERS, runner_of(load_target(board)))


def test_every_board_has_a_runner():
    found = {name: runner_of(load_target(name)) for name in target_names()}
    assert found["host"] == "host"
    assert found["wasm"] == "wasm"
    assert found[C3] == "riscv"
    assert found[M55] == "qemu"
    assert {found[name] for name in (*CORTEX_M, "cortex-m4-bigram")} == {"cortex_m"}


def test_judges_are_those_of_the_target():
    assert judges_of(load_target("host")) == ("numpy", "host")
    assert judges_of(load_target("wasm")) == ("numpy", "host", "wasm")
    assert judges_of(load_target(C3)) == ("numpy", "host", "riscv")
    assert judges_of(load_target(M55)) == ("numpy", "host", "qemu")


@pytest.mark.parametrize("name", ["host", "wasm"])
def test_what_is_no_chip_is_refused(name):
    with pytest.raises(UnsupportedError, match="no chip to emulate"):
        family_of(load_target(name))


def test_a_core_that_no_runner_has_is_refused():
    with pytest.raises(UnsupportedError, match='the core "z80"'):
        runner_of(load_target(C3).model_copy(update={"core": "z80"}))


@pytest.mark.parametrize("board", ALL_BOARDS)
@pytest.mark.parametrize("net", NETS)
def test_every_value_is_the_oracles_on_every_board(net, board):
    packed = package(net, board)
    graph = packed.graph
    inputs = samples(graph, 3)
    names = [name for node in graph.nodes for name in node.outputs]
    want = interpret_samples(graph, inputs, keep=names)
    got = _runner(board).run(packed, inputs, trace=names)
    # inside a group that runs by bands of rows they never exist whole
    inside = {name for step in packed.steps for name in step.nodes[:-1]}
    gone = {name for node in graph.nodes if node.name in inside for name in node.outputs}
    assert set(names) - set(got.values) == gone
    for name, values in got.values.items():
        assert equal(values, want.values[name]), name
    for a, b in zip(got.outputs, want.outputs, strict=True):
        assert equal(a, b)


def test_a_model_too_large_for_a_part_runs_on_the_board_that_is_none():
    packed = package("residual", "cortex-m4-bigram")
    assert "no such part exists" in packed.target.title
    inputs = samples(packed.graph, 2)
    want = interpret_samples(packed.graph, inputs).outputs
    got = _runner("cortex-m4-bigram").run(packed, inputs).outputs
    assert equal(got[0], want[0])


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("stateful", [False, True])
def test_state_starts_fresh_or_lives_on(board, stateful):
    packed = package("running_sum", board)
    inputs = samples(packed.graph, 5)
    want = interpret_samples(packed.graph, inputs, stateful=stateful).outputs[0]
    assert equal(_runner(board).run(packed, inputs, stateful=stateful).outputs[0], want)


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_selftest_passes(board):
    assert _runner(board).selftest(package("chain", board)) == 0


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("family", ["gcc", "clang"])
def test_compilers_agree(family, board):
    target = load_target(board)
    try:
        compiler = family_of(target).find(family)
    except ToolError as error:
        pytest.skip(error.problem)
    packed = package("every_int8_op", board)
    inputs = samples(packed.graph, 2)
    want = interpret_samples(packed.graph, inputs).outputs
    got = _runner(board).run(packed, inputs, compiler=compiler).outputs
    assert all(equal(a, b) for a, b in zip(got, want, strict=True))


# --- faults: C that misbehaves must stop with the name of the function

OUTPUT = """
static const int8_t table[4] = {1, 2, 3, 4};
const int8_t *stub_output(const stub_t *m, int i) { (void)m; return table + i; }
"""
FAULTS = {
    "write to flash": "int stub_invoke(stub_t *m) "
    "{ volatile int8_t *p = (int8_t *)(uintptr_t)table; (void)m; *p = 0; return 0; }",
    "wild read": "int stub_invoke(stub_t *m) "
    "{ (void)m; return *(volatile int *)(uintptr_t)0x64000000u; }",
    "jump into RAM": "typedef void (*f_t)(void); int stub_invoke(stub_t *m) "
    "{ ((f_t)((uintptr_t)m->arena | 1u))(); return 0; }",
}


@pytest.fixture
def bad_chip():
    chips: list[Chip] = []

    def make(invoke: str, board: str) -> Chip:
        target = load_target(board)
        chips.append(family_of(target).make(stub_image(OUTPUT + invoke, board), target))
        return chips[-1]

    yield make
    for chip in chips:
        chip.close()


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_names_the_function(fault, board, bad_chip):
    chip = bad_chip(FAULTS[fault], board)
    model, arena = (chip.image.address(f"iseul_harness_{n}") for n in ("model", "arena"))
    chip.call("stub_init", model, arena, 16)
    with pytest.raises(ToolError, match=r"stub_invoke on the emulated chip: .*at 0x\w+ in") as told:
        chip.call("stub_invoke", model)
    where = re.search(r" in (\w+)$", told.value.problem)
    assert where is not None
    assert where.group(1) == ("iseul_harness_arena" if fault == "jump into RAM" else "stub_invoke")


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_code_that_hangs_is_stopped(board, bad_chip, monkeypatch):
    chip = bad_chip("int stub_invoke(stub_t *m) { (void)m; for (;;) {} }", board)
    monkeypatch.setattr(_chip, "CALL_SECONDS", 0.2)
    with pytest.raises(ToolError, match=r"did not return within 0\.2 s, at 0x\w+ in stub_invoke"):
        chip.call("stub_invoke", 0)


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_codes_come_back_signed(board, bad_chip):
    chip = bad_chip("int stub_invoke(stub_t *m) { (void)m; return -7; }", board)
    assert chip.call("stub_invoke", 0) == -7


@pytest.mark.parametrize("board", ALL_BOARDS)
def test_single_precision_floats_run_on_every_core(board, bad_chip):
    invoke = """int stub_invoke(stub_t *m) {
      volatile float x = 2.5f, y = 3.0f; (void)m; return (int)(x * y * 100.0f + y / x); }"""
    assert bad_chip(invoke, board).call("stub_invoke", 0) == 751


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_memory_is_read_as_it_was_written(board, bad_chip):
    chip = bad_chip("int stub_invoke(stub_t *m) { (void)m; return 0; }", board)
    data = bytes(range(256)) * 20
    at = load_target(board).ram_start + 0x8003
    chip.write(at, data)
    assert chip.read(at, len(data)) == data
    assert chip.read(at + 1, 5) == data[1:6]


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_paint_and_what_changed_of_it(board, bad_chip):
    chip = bad_chip("int stub_invoke(stub_t *m) { (void)m; return 0; }", board)
    at = chip.image.ram_end
    n = chip.stack_top - at
    for paint in (0xA5, 0x5A):
        chip.fill(at, n, paint)
        assert chip.changed(at, n, paint) is None
        chip.write(at + 7, b"\0")
        assert chip.changed(at, n, paint) == (7, 7)
        chip.write(at + n - 1, b"\0")
        assert chip.changed(at, n, paint) == (7, n - 1)
        assert chip.changed(at + 8, 100, paint) is None


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_watched_addresses_count_in_their_order_only(board, bad_chip):
    invoke = """
      int first(int i); int second(int i);
      __attribute__((noinline)) int first(int i) { __asm__ volatile(""); return i + 1; }
      __attribute__((noinline)) int second(int i) { __asm__ volatile(""); return i * 2; }
      int stub_invoke(stub_t *m) { (void)m; return second(first(second(first(1)))); }"""
    chip = bad_chip(invoke, board)
    seen: list[int] = []
    chip.watch([chip.image.address(name) for name in ("second", "first")], seen.append)
    for _ in range(2):
        assert chip.call("stub_invoke", 0) == 10
        assert (seen, chip.reached) == ([0, 1], 2)
        chip.rewind()
        seen.clear()
