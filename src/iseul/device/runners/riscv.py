# SPDX-License-Identifier: Apache-2.0
"""Runs the image that is linked for a RISC-V board on an emulated core (unicorn, RV32)."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import unicorn
import unicorn.riscv_const as riscv

from iseul.device import _emulated
from iseul.device._chip import Family
from iseul.device._cycles_riscv import MODEL
from iseul.device._emulated import run, selftest
from iseul.device._toolchain import find_riscv_compiler
from iseul.device._unicorn import Core, UnicornChip

if TYPE_CHECKING:
    from iseul.device._count import Counter
    from iseul.device._elf import Image
    from iseul.targets import Target

# The model has more extensions than RV32IMC; code uses those that the compiler was told of.
RV32 = Core(
    unicorn.UC_ARCH_RISCV,
    unicorn.UC_MODE_RISCV32,
    riscv.UC_CPU_RISCV32_ANY,
    (
        riscv.UC_RISCV_REG_A0,
        riscv.UC_RISCV_REG_A1,
        riscv.UC_RISCV_REG_A2,
        riscv.UC_RISCV_REG_A3,
    ),
    riscv.UC_RISCV_REG_SP,
    riscv.UC_RISCV_REG_RA,
    riscv.UC_RISCV_REG_PC,
)


def make(image: Image, target: Target, counter: Counter | None = None) -> UnicornChip:
    """A board of the family, emulated."""
    return UnicornChip(RV32, image, target, counter)


def emulator_versions() -> dict[str, str]:
    return {"unicorn": version("unicorn"), "capstone": version("capstone")}


FAMILY = Family(
    title="RISC-V",
    models={"riscv32imc": MODEL},
    harness=("chip.c", "freestanding.c"),
    make=make,
    find=find_riscv_compiler,
    missing=lambda: None,
    versions=emulator_versions,
)


def available() -> str | None:
    """None, or why there is no compiler for RISC-V."""
    return _emulated.unavailable(FAMILY)


__all__ = ["FAMILY", "available", "run", "selftest"]
