# SPDX-License-Identifier: Apache-2.0
"""Counts are exact, sums agree, and the planned bytes are the bytes used."""

from __future__ import annotations

from dataclasses import replace

import pytest
import unicorn

from device._boards import ALL_BOARDS, C3, M55, ONE_PER_RUNNER, WITH_QEMU
from device._nets import M4, NETS, package, samples
from iseul.core.errors import ShapeError, ToolError
from iseul.device import _cycles_arm as _cycles
from iseul.device import runner_of
from iseul.device._count import OUTSIDE, count_invoke
from iseul.device._loaded import Loaded, link
from iseul.device._toolchain import find_arm_compiler
from iseul.device.measure import profile_package, tool_versions
from iseul.targets import load_target

CONTRACT = {
    *("model", "target", "runner", "compiler", "instructions", "cycles_model"),
    *("latency_ms_model", "energy_uj", "ram", "flash", "macs", "nodes"),
}
RAM = {"arena_bytes", "state_bytes", "stack_bytes", "arena_lower_bound_bytes"}
NODE = {"name", "op", "shape", "macs", "instructions", "kernel"}


def _sample(packed):
    return [x[0] for x in samples(packed.graph, 1)]


@pytest.mark.parametrize("board", ALL_BOARDS)
@pytest.mark.parametrize("net", NETS)
def test_profile_has_the_contracts_keys_and_its_sums_agree(net, board):
    packed = package(net, board)
    target = packed.target
    profile = profile_package(packed)
    assert profile.keys() >= CONTRACT
    assert profile["ram"].keys() >= RAM
    assert profile["flash"].keys() >= {"code_bytes", "constant_bytes"}
    assert [n["name"] for n in profile["nodes"]] == [s.node for s in packed.steps]
    assert all(n.keys() >= NODE and n["instructions"] > 0 for n in profile["nodes"])
    by_node = sum(n["instructions"] for n in profile["nodes"])
    assert by_node + profile["overhead_instructions"] == profile["instructions"]
    # calls, and states that are copied between steps, byte by byte where they are not words
    most = 20 * len(packed.steps) + 60 + 6 * profile["ram"]["state_bytes"]
    assert 0 < profile["overhead_instructions"] < most
    assert profile["macs"] == sum(n["macs"] for n in profile["nodes"])
    assert profile["runner"] == runner_of(target)
    assert profile["cycles_model"] > profile["instructions"] // 2
    assert profile["cycles_source"]
    assert profile["latency_ms_model"] == pytest.approx(
        profile["cycles_model"] / target.clock_mhz / 1e3
    )
    if target.energy is None:
        assert profile["energy_uj"] is None
    else:
        energy = profile["energy_uj"]
        assert energy["low"] < energy["mid"] < energy["high"]
        mid = profile["cycles_model"] * target.energy.mid_nj_per_cycle / 1e3
        assert energy["mid"] == pytest.approx(mid)


@pytest.mark.parametrize("net", NETS)
def test_blocks_hold_as_many_instructions_as_run_one_by_one(net):
    # Armv6-M has no IT: there, instructions that run and instructions that issue are the same
    packed = package(net, "nucleo-g0b1re")
    image, sample = link(packed), _sample(packed)
    loaded = Loaded(packed, image)
    n = [0]

    def step(uc, address, size, data):
        n[0] += 1

    loaded.chip.uc.hook_add(unicorn.UC_HOOK_CODE, step)
    loaded.start()
    loaded.reset()
    loaded.write_inputs(sample)
    n[0] = 0
    loaded.invoke()
    assert count_invoke(packed, image, sample).total == n[0]


@pytest.mark.parametrize("board", [M4, C3])
def test_native_and_python_hooks_count_the_same(board):
    packed = package("every_int8_op", board)
    image, sample = link(packed), _sample(packed)
    want = count_invoke(packed, image, sample, native=False)
    assert count_invoke(packed, image, sample, native=True) == want


def test_counting_twice_gives_the_same():
    packed = package("residual")
    image, sample = link(packed), _sample(packed)
    assert count_invoke(packed, image, sample) == count_invoke(packed, image, sample)


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("net", NETS)
def test_planned_arena_is_the_arena_used(net, board):
    packed = package(net, board)
    ram = profile_package(packed)["ram"]
    assert ram["arena_bytes"] == packed.plan.arena_bytes
    assert ram["arena_touched_bytes"] == packed.plan.arena_bytes
    assert ram["arena_lower_bound_bytes"] <= ram["arena_bytes"]
    assert ram["static_bytes"] == 0


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_stack_is_at_least_the_frames_of_three_calls_and_small(board):
    ram = profile_package(package("every_int8_op", board))["ram"]
    assert 16 <= ram["stack_bytes"] <= 1024


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
@pytest.mark.parametrize("n_bytes", [3000, 40_000])
def test_a_deep_stack_is_told_in_full(n_bytes, board):
    packed = package("dense", board)
    before = profile_package(packed)["ram"]["stack_bytes"]
    first = f"  {packed.steps[0].symbol}(m);\n"
    escapes = '__asm__ volatile("" : : "r"(deep) : "memory");'  # or clang splits the array
    deep = f"  uint8_t deep[{n_bytes}];\n  deep[0] = 1;\n  {escapes}\n{first}"
    text = packed.files[f"{packed.name}.c"]
    assert text.count(first) == 1
    files = {**packed.files, f"{packed.name}.c": text.replace(first, deep)}
    after = profile_package(replace(packed, files=files))["ram"]["stack_bytes"]
    assert n_bytes <= after - before <= n_bytes + 64


@pytest.mark.parametrize("board", ONE_PER_RUNNER)
def test_a_write_behind_the_arena_is_seen(board):
    packed = package("chain", board)
    last = f"  {packed.steps[-1].symbol}(m);\n"
    spill = f"{last}  m->arena[{packed.name.upper()}_ARENA_BYTES + 9] = 1;\n"
    text = packed.files[f"{packed.name}.c"]
    assert text.count(last) == 1
    files = {**packed.files, f"{packed.name}.c": text.replace(last, spill)}
    ram = profile_package(replace(packed, files=files))["ram"]
    assert ram["arena_touched_bytes"] == packed.plan.arena_bytes + 10


def test_flash_holds_the_constants():
    packed = package("chain")
    flash = profile_package(packed)["flash"]
    weights = sum(v.n_bytes for v in packed.graph.constants)
    assert weights <= flash["constant_bytes"] < 3 * weights + 1000
    assert 500 < flash["code_bytes"] < 20_000


def test_several_inputs_give_a_mean_and_a_range():
    packed = package("every_int8_op")
    inputs = samples(packed.graph, 3)
    profile = profile_package(packed, inputs)
    image = link(packed)
    totals = [count_invoke(packed, image, [x[i] for x in inputs]).total for i in range(3)]
    assert profile["instructions_range"] == {"min": min(totals), "max": max(totals), "n_inputs": 3}
    assert profile["instructions"] == pytest.approx(sum(totals) / 3, abs=len(packed.steps))
    with pytest.raises(ShapeError, match="no sample"):
        profile_package(packed, [x[:0] for x in inputs])


def test_profile_names_its_tools_and_takes_a_compiler():
    packed = package("dense")
    for family in ("gcc", "clang"):
        try:
            compiler = find_arm_compiler(family)
        except ToolError:
            continue
        profile = profile_package(packed, compiler=family)
        assert profile["compiler"] == str(compiler)
        assert profile["tools"] == tool_versions(packed.target, compiler)
        assert profile["tools"]["unicorn"] == unicorn.__version__
    assert tool_versions(load_target("host")).keys() == {"compiler"}
    assert tool_versions(load_target(C3)).keys() == {"compiler", "unicorn", "capstone"}


@WITH_QEMU
def test_profile_in_qemu_names_its_version():
    assert tool_versions(load_target(M55)).keys() == {"compiler", "qemu", "capstone"}


# --- the cycle model, on blocks assembled by hand (Thumb, little endian)

M4_TIMING = _cycles.TIMINGS["cortex-m4"]
M7_TIMING = _cycles.TIMINGS["cortex-m7"]
BLOCKS = {
    "adds r0, r1, r2": ("8818", 1),
    "ldr r0, [r1]": ("0868", 2),
    "ldr r0, [r1]; ldr r2, [r3]": ("08681a68", 3),
    "ldr r0, [r1]; ldr r2, [r0]": ("08680268", 4),
    "ldr r0, [r1]; str r0, [r2]": ("08681060", 3),
    "str r0, [r1]; str r0, [r2]": ("08601060", 2),
    "push {r4, r5, lr}": ("30b5", 4),
    "pop {r4, r5, pc}": ("30bd", 4),
    "sdiv r0, r1, r2": ("91fbf2f0", 7),
    "smlad r0, r1, r2, r3": ("21fb0230", 1),
    "vdiv.f32 s0, s1, s2": ("80ee810a", 14),
    "ldrd r0, r1, [r2]": ("d2e90001", 3),
}


@pytest.mark.parametrize("text", BLOCKS)
def test_cycles_of_a_block_on_m4(text):
    code, cycles = BLOCKS[text]
    block = _cycles.decode(bytes.fromhex(code), 0x1000)
    assert len(block) == text.count(";") + 1
    assert block[0].mnemonic.split(".")[0] == text.split()[0].split(".")[0]
    assert _cycles.block_cycles(block, M4_TIMING) == cycles


M55_TIMING = _cycles.TIMINGS["cortex-m55"]
HELIUM = {  # which capstone does not know, or takes for something else
    "vldrb.8 q0, [r1]": "91ed001e",
    "vldrw.32 q0, [r1], #16": "b1ec041f",
    "vadd.i8 q0, q1, q2": "02ef4408",
    "vmladava.s8 r0, q1, q2": "f2ee240f",
    "vqrdmulh.s32 q0, q1, r2": "23fe620e",
    "vadd.f32 q0, q1, q2": "02ef440d",
}
SCALAR = {  # of the FPU, or near in encoding
    "vldr s0, [r1]": "91ed000a",
    "vadd.f32 s0, s1, s2": "30ee810a",
    "vmov s0, r1": "00ee101a",
    "vpush {d8}": "2ded028b",
    "smlad r0, r1, r2, r3": "21fb0230",
    "umull r0, r1, r2, r3": "a2fb0301",
}


@pytest.mark.parametrize("text", HELIUM)
def test_helium_takes_two_cycles_on_m55(text):
    block = _cycles.decode(bytes.fromhex(HELIUM[text]), 0)
    assert block == [_cycles.VECTOR]
    assert _cycles.block_cycles(block, M55_TIMING) == 2
    assert _cycles.block_cycles([*block, *block], M55_TIMING) == 4


GATHERS = {
    "vldrw.u32 q0, [q1, #128]!": ("b2fd201e", 4),
    "vldrw.u32 q7, [r3, q1, uxtw #2]": ("93fc43ef", 4),
    "vstrb.16 q4, [r3, q6]": ("83ec8c8e", 8),
    "vldrb.u8 q0, [r0, q1]": ("90fc020e", 16),
    "vst40.8 {q0, q1, q2, q3}, [r0]": ("80fc011e", 2),
}


@pytest.mark.parametrize("text", GATHERS)
def test_elements_at_addresses_of_their_own_take_a_cycle_each(text):
    code, cycles = GATHERS[text]
    block = _cycles.decode(bytes.fromhex(code), 0)
    assert _cycles.block_cycles(block, M55_TIMING) == cycles
    assert _cycles.refill_cycles(block[0], M55_TIMING) == M55_TIMING.direct


@pytest.mark.parametrize("text", SCALAR)
def test_scalar_instructions_are_not_taken_for_helium(text):
    block = _cycles.decode(bytes.fromhex(SCALAR[text]), 0)
    assert block[0].mnemonic == text.split()[0]


@pytest.mark.parametrize("code", ["0ff005c0", "1ff007c0"], ids=["le", "letp"])
def test_the_end_of_a_low_overhead_loop_jumps_back_for_nothing(code):
    block = _cycles.decode(bytes.fromhex(code), 0)
    assert block == [_cycles.LOOP_END]
    assert _cycles.refill_cycles(block[-1], M55_TIMING) == 0


def test_refill_depends_on_the_branch():
    blocks = {"b": "fee7", "bl": "00f000f8", "bx lr": "7047", "pop {pc}": "00bd"}
    costs = {
        what: _cycles.refill_cycles(_cycles.decode(bytes.fromhex(code), 0)[-1], M4_TIMING)
        for what, code in blocks.items()
    }
    assert costs == {"b": 1, "bl": 1, "bx lr": 2, "pop {pc}": 2}


def test_m7_issues_independent_instructions_in_pairs():
    independent = _cycles.decode(bytes.fromhex("8818" + "2b1d"), 0)  # adds r0,r1,r2; adds r3,r5,#4
    dependent = _cycles.decode(bytes.fromhex("8818" + "031d"), 0)  # adds r0,r1,r2; adds r3,r0,#4
    loads = _cycles.decode(bytes.fromhex("0868" + "1a68"), 0)
    assert _cycles.block_cycles(independent, M7_TIMING) == 1
    assert _cycles.block_cycles(dependent, M7_TIMING) == 2
    assert _cycles.block_cycles(loads, M7_TIMING) == 2


def test_overhead_is_what_runs_in_invoke():
    packed = package("dense")
    counts = count_invoke(packed, link(packed), _sample(packed))
    assert set(counts.instructions) == {OUTSIDE, *range(len(packed.steps))}
    assert counts.cycles[0] >= counts.instructions[0]


def test_profile_of_one_board_is_not_that_of_another():
    slow, fast = (profile_package(package("residual", b)) for b in ("nucleo-g0b1re", M4))
    assert slow["instructions"] > fast["instructions"]
