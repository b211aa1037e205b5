# SPDX-License-Identifier: Apache-2.0
"""RISC-V RV32IMC: exact counts, compressed instructions included, and a cycle model by hand."""

from __future__ import annotations

import pytest
import unicorn

from device._boards import C3
from device._nets import NETS, package, samples
from iseul.core.errors import ToolError
from iseul.device import _cycles_riscv as cycles
from iseul.device import _toolchain
from iseul.device._count import count_invoke
from iseul.device._loaded import Loaded, link
from iseul.device._toolchain import find_riscv_compiler
from iseul.device.runners import riscv


def test_available():
    assert riscv.available() is None


def test_unavailable_says_why(monkeypatch):
    monkeypatch.setattr(_toolchain, "_probe", lambda command: None)
    assert "gcc-riscv64-unknown-elf" in (riscv.available() or "")


@pytest.mark.parametrize("family", ["gcc", "clang"])
@pytest.mark.parametrize("net", NETS)
def test_blocks_hold_as_many_instructions_as_run_one_by_one(net, family):
    try:
        compiler = find_riscv_compiler(family)
    except ToolError as error:
        pytest.skip(error.problem)
    packed = package(net, C3)
    image, sample = link(packed, compiler), [x[0] for x in samples(packed.graph, 1)]
    n, sizes = [0], set()

    def step(uc, address, size, data):
        n[0] += 1
        sizes.add(size)

    with Loaded(packed, image) as loaded:
        loaded.chip.uc.hook_add(unicorn.UC_HOOK_CODE, step)
        loaded.start()
        loaded.reset()
        loaded.write_inputs(sample)
        n[0] = 0
        loaded.invoke()
    assert sizes == {2, 4}, "compressed instructions run too"
    assert count_invoke(packed, image, sample).total == n[0]


# --- the cycle model, on blocks assembled by hand (little endian)

BLOCKS = {
    "add": ("3385b500", 1),  # add a0, a1, a1
    "c.add": ("2e95", 1),  # c.add a0, a1
    "lw; add of another": ("03a5050033066600", 2),
    "lw; add of what was loaded": ("03a5050033056500", 3),
    "c.lw; c.addi of what was loaded": ("88410505", 3),  # c.lw a0, (a1); c.addi a0, 1
    "lw; sw of what was loaded": ("03a5050023a0a500", 3),
    "lw; sw of another to another place": ("03a5050023a0c500", 2),
    "lw; lw from where it points": ("03a5050003250500", 3),
    "lw; beq on what was loaded": ("03a5050063060500", 3),
    "lw; overwritten": ("03a5050013050000", 2),  # li a0, 0
    "mul": ("3385b502", 1),
    "div": ("33c5b502", 33),
    "remu": ("33f5b502", 33),
}


@pytest.mark.parametrize("text", BLOCKS)
def test_cycles_of_a_block(text):
    code, want = BLOCKS[text]
    block = cycles.decode(bytes.fromhex(code), 0x1000)
    assert None not in block
    assert cycles.block_cycles(block) == want


def test_a_jump_that_is_taken_loses_cycles_and_the_source_says_so():
    last = cycles.decode(bytes.fromhex("8280"), 0)[-1]
    assert last.mnemonic == "c.jr"
    assert cycles.taken_cycles(last) == cycles.TAKEN > 0
    assert cycles.SOURCE.startswith("assumption")


def test_sizes():
    assert cycles.instruction_sizes(bytes.fromhex("2e953385b5002e95")) == [2, 4, 2]
