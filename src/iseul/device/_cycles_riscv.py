# SPDX-License-Identifier: Apache-2.0
"""Modelled cycles of a basic block on a small RISC-V core. A model, never a measurement.

Espressif publishes no table for the core of the ESP32-C3: it says that the pipeline has four
stages, in order, one instruction at a time, and counts waits for loads and for jumps as events
of their own. All numbers below are assumptions for such a pipeline, with the instruction in
SRAM or in the cache of the flash. Not checked against a board.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import capstone
from capstone import riscv

from iseul.device._timing import CycleModel

if TYPE_CHECKING:
    from collections.abc import Sequence

# One decoded instruction; capstone has no types. None where it does not know it.
Instruction = Any

LOAD_USE = 1  # cycles that an instruction waits for a value loaded by the one before
TAKEN = 2  # cycles lost to a taken branch or jump
DIVIDE = 33  # one bit of the quotient a cycle, and one more
SOURCE = (
    "assumption: four stages, in order, one instruction a cycle (Espressif ESP32-C3 TRM, "
    f"ESP-RISC-V CPU); a value used right after its load waits {LOAD_USE}, a taken branch or jump "
    f"loses {TAKEN}, multiply 1, divide {DIVIDE}; flash through its cache without misses; no table "
    "is published"
)

LOADS = ("lb", "lbu", "lh", "lhu", "lw", "c.lw", "c.lwsp")
DIVIDES = ("div", "divu", "rem", "remu")


def instruction_sizes(code: bytes) -> list[int]:
    """Bytes of each instruction: 4 if its two lowest bits are set, 2 if it is compressed."""
    sizes, at = [], 0
    while at < len(code):
        sizes.append(4 if code[at] & 3 == 3 else 2)
        at += sizes[-1]
    return sizes


def decode(code: bytes, address: int) -> list[Instruction | None]:
    """The instructions of a block; None where capstone does not know one."""
    found: list[Instruction | None] = []
    at = 0
    for size in instruction_sizes(code):
        one = list(_decoder().disasm(code[at : at + size], address + at, 1))
        found.append(one[0] if one else None)
        at += size
    return found


@cache
def _decoder() -> Any:
    decoder = capstone.Cs(
        capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32 | capstone.CS_MODE_RISCVC
    )
    decoder.detail = True
    return decoder


def block_cycles(instructions: Sequence[Instruction | None]) -> int:
    """Cycles of a block, without the loss of a taken branch at its end."""
    total = 0
    loaded = 0  # the register that the instruction before loaded
    for this in instructions:
        total += 1
        if this is None:
            loaded = 0
            continue
        if this.mnemonic in DIVIDES:
            total += DIVIDE - 1
        if loaded and loaded in _read(this):
            total += LOAD_USE
        loaded = this.operands[0].reg if this.mnemonic in LOADS else 0
    return total


def _read(this: Instruction) -> set[int]:
    """Registers that an instruction reads. The first operand of what writes none is read too."""
    first, *rest = this.operands or [None]
    found = {o.reg for o in rest if o.type == riscv.RISCV_OP_REG}
    found |= {o.mem.base for o in this.operands if o.type == riscv.RISCV_OP_MEM}
    reads_first = this.mnemonic.startswith(STORES_AND_BRANCHES) or this.mnemonic in READ_AND_WRITE
    if first is not None and first.type == riscv.RISCV_OP_REG and reads_first:
        found.add(first.reg)
    return found


STORES_AND_BRANCHES = ("b", "sb", "sh", "sw", "c.sw", "c.b", "c.jr", "c.jalr")
READ_AND_WRITE = (
    *("c.add", "c.addi", "c.sub", "c.xor", "c.or", "c.and", "c.andi"),
    *("c.slli", "c.srli", "c.srai"),
)


def taken_cycles(last: Instruction | None) -> int:
    """Cycles that a taken branch or jump at the end of a block loses."""
    return TAKEN


MODEL = CycleModel(SOURCE, instruction_sizes, decode, block_cycles, taken_cycles)
