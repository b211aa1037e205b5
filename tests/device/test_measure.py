# SPDX-License-Identifier: Apache-2.0
"""Counts are exact, sums agree, and the planned bytes are the bytes used."""

from __future__ import annotations

from dataclasses import replace

import pytest
import unicorn

from device._nets import BOARDS, M4, NETS, package, samples
from iseul.core.errors import ShapeError, ToolError
from iseul.device import _cycles_arm as _cycles
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


@pytest.mark.parametrize("board", BOARDS)
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
    assert 0 < profile["overhead_instructions"] < 20 * len(packed.steps) + 60
    assert profile["macs"] == sum(n["macs"] for n in profile["nodes"])
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


@pytest.mark.parametrize("board", [M4, "esp32-c3"])
def test_native_and_python_hooks_count_the_same(board):
    packed = package("every_int8_op", board)
    image, sample = link(packed), _sample(packed)
    want = count_invoke(packed, image, sample, native=False)
    assert count_invoke(packed, image, sample, native=True) == want


def test_counting_twice_gives_the_same():
    packed = package("residual")
    image, sample = link(packed), _sample(packed)
    assert count_invoke(packed, image, sample) == count_invoke(packed, image, sample)


@pytest.mark.parametrize("net", NETS)
def test_planned_arena_is_the_arena_used(net):
    packed = package(net)
    ram = profile_package(packed)["ram"]
    assert ram["arena_bytes"] == packed.plan.arena_bytes
    assert ram["arena_touched_bytes"] == packed.plan.arena_bytes
    assert ram["arena_lower_bound_bytes"] <= ram["arena_bytes"]
    assert ram["static_bytes"] == 0


def test_stack_is_at_least_the_frames_of_three_calls_and_small():
    ram = profile_package(package("every_int8_op"))["ram"]
    assert 16 <= ram["stack_bytes"] <= 1024


def test_a_write_behind_the_arena_is_seen():
    packed = package("chain")
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
