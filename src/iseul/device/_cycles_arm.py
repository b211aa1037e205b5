# SPDX-License-Identifier: Apache-2.0
"""Modelled cycles of a basic block on a Cortex-M core. A model, never a measurement.

Each instruction costs what its core's table says; a branch that is taken costs a refill more.
All tables assume memory without wait states and no interrupts. Not modelled: flash wait states
and caches, the extra cycle of an address that the instruction before computed, unaligned
accesses, folding of IT. Not checked against a board: take 15 % as the error on Cortex-M0+ and M4,
more on M33, M7 and M55, for which Arm publishes no table.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import capstone
from capstone import arm

from iseul.device._timing import CycleModel

if TYPE_CHECKING:
    from collections.abc import Sequence

# One decoded instruction; capstone has no types. Or one of the words below, which it does not
# know, or None for anything else that it does not know.
Instruction = Any
VECTOR = "vector"  # a Helium instruction on 128 bits
# one that loads or stores each of its elements at an address of its own
ACCESSES = {f"{n} accesses": n for n in (2, 4, 8, 16)}
LOOP_END = "loop end"  # LE, LETP: jumps back without a refill


@dataclass(frozen=True)
class Timing:
    """Cycles per kind of instruction; what is not named takes 1.

    load, store:    a single access; `load_after`: one that follows another access and whose
                    address does not come from it
    indexed_store:  a store to base + register
    multiple:       added to the number of registers of LDM, STM, PUSH, POP
    divide:         SDIV, UDIV;  float_divide: VDIV, VSQRT;  float_mac: VMLA, VFMA and kin
    direct, call, indirect, popped: refill after a taken B, BL, BX/BLX/TBB/MOV PC, POP {PC}
    vector:         a Helium instruction on 128 bits
    pairs:          two instructions may issue in one cycle
    """

    source: str
    load: int
    load_after: int
    store: int
    indexed_store: int
    multiple: int
    divide: int
    float_divide: int
    float_mac: int
    direct: int
    call: int
    indirect: int
    popped: int
    vector: int = 1
    pairs: bool = False


TIMINGS: dict[str, Timing] = {
    "cortex-m0plus": Timing(
        "Arm DDI 0484C (Cortex-M0+ TRM) table 3-1, single-cycle multiplier",
        load=2,
        load_after=2,
        store=2,
        indexed_store=2,
        multiple=1,
        divide=1,  # none in hardware
        float_divide=1,
        float_mac=1,
        direct=1,
        call=2,
        indirect=1,
        popped=2,
    ),
    "cortex-m4": Timing(
        "Arm 100166 (Cortex-M4 TRM) tables 3-1 and 7-1, section 3.3.3; refill of 1 (direct) or 2 "
        "(indirect) out of 1-3, SDIV and UDIV 7 out of 2-12",
        load=2,
        load_after=1,
        store=1,
        indexed_store=2,
        multiple=1,
        divide=7,
        float_divide=14,
        float_mac=3,
        direct=1,
        call=1,
        indirect=2,
        popped=2,
    ),
    "cortex-m33": Timing(
        "assumption: as Cortex-M4, with loads of 1 cycle (address made one stage earlier: "
        "elektroniknet.de 135091); Arm publishes no table",
        load=1,
        load_after=1,
        store=1,
        indexed_store=1,
        multiple=0,
        divide=7,
        float_divide=14,
        float_mac=3,
        direct=1,
        call=1,
        indirect=2,
        popped=2,
    ),
    "cortex-m7": Timing(
        "assumption: in-order pairs of independent instructions, at most one memory access, one "
        "multiply, one shifted operand, DSP only first (after the pairing measurements of "
        "quinapalus.com/cm7cycles.html); branches predicted; Arm publishes no table",
        load=1,
        load_after=1,
        store=1,
        indexed_store=1,
        multiple=0,
        divide=7,
        float_divide=14,
        float_mac=1,
        direct=0,
        call=1,
        indirect=1,
        popped=1,
        pairs=True,
    ),
    "cortex-m55": Timing(
        "assumption: as Cortex-M33; a Helium instruction of 128 bits takes 2 cycles (the core does "
        "two beats of four a cycle: Arm, Introduction to Armv8.1-M), a gather or scatter 1 per "
        "element; vector loads that overlap vector arithmetic are not modelled; Arm publishes no "
        "table",
        load=1,
        load_after=1,
        store=1,
        indexed_store=1,
        multiple=0,
        divide=7,
        float_divide=14,
        float_mac=3,
        direct=1,
        call=1,
        indirect=2,
        popped=2,
        vector=2,
    ),
}

LOADS = {
    *(arm.ARM_INS_LDR, arm.ARM_INS_LDRB, arm.ARM_INS_LDRH, arm.ARM_INS_LDRSB, arm.ARM_INS_LDRSH),
    arm.ARM_INS_VLDR,
}
STORES = {arm.ARM_INS_STR, arm.ARM_INS_STRB, arm.ARM_INS_STRH, arm.ARM_INS_VSTR}
DOUBLES = {arm.ARM_INS_LDRD, arm.ARM_INS_STRD}
LISTS = {  # kind: operands that are no members of the register list
    **dict.fromkeys((arm.ARM_INS_PUSH, arm.ARM_INS_POP, arm.ARM_INS_VPUSH, arm.ARM_INS_VPOP), 0),
    **dict.fromkeys((arm.ARM_INS_LDM, arm.ARM_INS_LDMDB, arm.ARM_INS_STM, arm.ARM_INS_STMDB), 1),
    **dict.fromkeys((arm.ARM_INS_VLDMIA, arm.ARM_INS_VLDMDB), 1),
    **dict.fromkeys((arm.ARM_INS_VSTMIA, arm.ARM_INS_VSTMDB), 1),
}
DIVIDES = {arm.ARM_INS_SDIV, arm.ARM_INS_UDIV}
FLOAT_DIVIDES = {arm.ARM_INS_VDIV, arm.ARM_INS_VSQRT}
FLOAT_MACS = {
    *(arm.ARM_INS_VMLA, arm.ARM_INS_VMLS, arm.ARM_INS_VNMLA, arm.ARM_INS_VNMLS),
    *(arm.ARM_INS_VFMA, arm.ARM_INS_VFMS, arm.ARM_INS_VFNMA, arm.ARM_INS_VFNMS),
}
DIRECT = {arm.ARM_INS_B, arm.ARM_INS_CBZ, arm.ARM_INS_CBNZ}
MULTIPLY_PREFIXES = ("mul", "mla", "mls", "sml", "smu", "smm", "uml", "umu", "uma")
DSP_PREFIXES = ("sml", "smu", "smm", "sxtb16", "uxtb16", "pkh", "qadd", "qsub", "sadd", "ssub")


def instruction_sizes(code: bytes) -> list[int]:
    """Bytes of each Thumb instruction: 4 if the first halfword begins with 0b11101 or above."""
    sizes, at = [], 0
    while at < len(code):
        sizes.append(4 if code[at + 1] >> 3 >= 0b11101 else 2)
        at += sizes[-1]
    return sizes


def decode(code: bytes, address: int) -> list[Instruction | None]:
    """The instructions of a block; None where capstone does not know one."""
    found: list[Instruction | None] = []
    at = 0
    for size in instruction_sizes(code):
        text = code[at : at + size]
        known = _armv81m(text) if size == 4 else None
        one = [] if known else list(_decoder().disasm(text, address + at, 1))
        found.append(one[0] if one else known)
        at += size
    return found


def _armv81m(code: bytes) -> str | None:
    """VECTOR, a key of ACCESSES or LOOP_END for what Armv8.1-M adds, which capstone takes for
    something else.
    """
    first, second = int.from_bytes(code[:2], "little"), int.from_bytes(code[2:], "little")
    if first & 0xFFCF == 0xF00F and second & 0xF001 == 0xC001:
        return LOOP_END
    if first >> 8 in (0xEF, 0xFF):
        return VECTOR
    if first & 0xEFA0 == 0xEC80 and second & 0x1E00 == 0x0E00:  # base and a vector of offsets
        return f"{16 >> (second >> 7 & 3)} accesses"
    if first >> 8 == 0xFD and second & 0x1E00 == 0x1E00:  # a vector of addresses
        return "2 accesses" if second & 0x0100 else "4 accesses"
    # the coprocessor space; 9 to 11 are the FPU's numbers, 0 to 7 are those of coprocessors
    if first >> 8 in (0xEC, 0xED, 0xEE, 0xFC, 0xFD, 0xFE) and second >> 8 & 15 in (
        8,
        12,
        13,
        14,
        15,
    ):
        return VECTOR
    return None


@cache
def _decoder() -> Any:
    mode = capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS | capstone.CS_MODE_V8
    decoder = capstone.Cs(capstone.CS_ARCH_ARM, mode)
    decoder.detail = True
    return decoder


def block_cycles(instructions: Sequence[Instruction | None], timing: Timing) -> int:
    """Cycles of a block, without the refill of a taken branch at its end."""
    total = 0
    previous: Instruction | None = None
    for instruction in instructions:
        if timing.pairs and _pairs(previous, instruction):
            previous = None  # issued beside the one before
            continue
        total += _cycles(previous, instruction, timing)
        previous = instruction
    return total


def refill_cycles(last: Instruction | None, timing: Timing) -> int:
    """Cycles that a taken branch at the end of a block adds."""
    if last == LOOP_END:
        return 0
    if last is None or isinstance(last, str) or last.id in DIRECT:
        return timing.direct
    if last.id == arm.ARM_INS_BL:
        return timing.call
    if last.id in LISTS or last.id in LOADS:
        return timing.popped
    return timing.indirect


def _cycles(previous: Instruction | None, this: Instruction | None, timing: Timing) -> int:
    if this is None or isinstance(this, str):
        if this is not None and this in ACCESSES:
            return max(timing.vector, ACCESSES[this])
        return timing.vector if this == VECTOR else 1
    if isinstance(previous, str):
        previous = None
    kind = this.id
    if kind in LOADS or (kind in STORES and _is_indexed(this)):
        if previous is not None and previous.id in LOADS | STORES:
            written = set(previous.regs_access()[1])
            if not _address_registers(this) & written:
                return timing.load_after
        return timing.load if kind in LOADS else timing.indexed_store
    if kind in STORES:
        return timing.store
    if kind in DOUBLES:
        return 2 + timing.multiple
    if kind in LISTS:
        return len(this.operands) - LISTS[kind] + timing.multiple
    if kind in DIVIDES:
        return timing.divide
    if kind in FLOAT_DIVIDES:
        return timing.float_divide
    return timing.float_mac if kind in FLOAT_MACS else 1


def _is_indexed(this: Instruction) -> bool:
    return any(o.type == arm.ARM_OP_MEM and o.mem.index for o in this.operands)


def _address_registers(this: Instruction) -> set[int]:
    memory = [o.mem for o in this.operands if o.type == arm.ARM_OP_MEM]
    return {register for m in memory for register in (m.base, m.index) if register}


def _pairs(first: Instruction | None, second: Instruction | None) -> bool:
    """Whether the second instruction issues in the cycle of the first (Cortex-M7)."""
    if first is None or second is None or isinstance(first, str) or isinstance(second, str):
        return False
    several = {*LISTS, *DOUBLES, *DIVIDES, *FLOAT_DIVIDES}
    if first.id in several or second.id in several or _ends_pair(first):
        return False
    if second.mnemonic.startswith(DSP_PREFIXES):
        return False
    both = (first, second)
    if all(i.id in LOADS | STORES for i in both) or all(_multiplies(i) for i in both):
        return False
    if all(_is_shifted(i) for i in both):
        return False
    written = set(first.regs_access()[1])
    read, again = (set(registers) for registers in second.regs_access())
    return not written & (read | again - {arm.ARM_REG_CPSR})


def _ends_pair(this: Instruction) -> bool:
    return bool({capstone.CS_GRP_JUMP, capstone.CS_GRP_CALL} & set(this.groups))


def _multiplies(this: Instruction) -> bool:
    return this.mnemonic.startswith(MULTIPLY_PREFIXES) or this.id in FLOAT_MACS


def _is_shifted(this: Instruction) -> bool:
    return any(o.shift.type for o in this.operands) or this.mnemonic.startswith(
        ("sxt", "uxt", "ubfx", "sbfx", "bfi", "bfc")
    )


MODELS = {
    core: CycleModel(
        timing.source,
        instruction_sizes,
        decode,
        partial(block_cycles, timing=timing),
        partial(refill_cycles, timing=timing),
    )
    for core, timing in TIMINGS.items()
}
