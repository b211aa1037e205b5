# SPDX-License-Identifier: Apache-2.0
"""Runs the image that is linked for a Cortex-M board on an emulated core (unicorn).

The emulator has no Cortex-M0+; its Cortex-M0 has the same instructions (Armv6-M). It does not
trap unaligned accesses on that core.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import unicorn
import unicorn.arm_const as arm

from iseul.device import _emulated
from iseul.device._chip import Family
from iseul.device._cycles_arm import MODELS
from iseul.device._emulated import run, selftest
from iseul.device._toolchain import find_arm_compiler
from iseul.device._unicorn import Core, UnicornChip

if TYPE_CHECKING:
    from iseul.device._count import Counter
    from iseul.device._elf import Image
    from iseul.targets import Target

EMULATED = {
    "cortex-m0plus": arm.UC_CPU_ARM_CORTEX_M0,
    "cortex-m4": arm.UC_CPU_ARM_CORTEX_M4,
    "cortex-m7": arm.UC_CPU_ARM_CORTEX_M7,
    "cortex-m33": arm.UC_CPU_ARM_CORTEX_M33,
}


def make(image: Image, target: Target, counter: Counter | None = None) -> UnicornChip:
    """A board of the family, emulated."""
    core = Core(
        unicorn.UC_ARCH_ARM,
        unicorn.UC_MODE_THUMB | unicorn.UC_MODE_MCLASS,
        EMULATED[target.core],
        (arm.UC_ARM_REG_R0, arm.UC_ARM_REG_R1, arm.UC_ARM_REG_R2, arm.UC_ARM_REG_R3),
        arm.UC_ARM_REG_SP,
        arm.UC_ARM_REG_LR,
        arm.UC_ARM_REG_PC,
        low_bit=1,
        extra=((0xE000_0000, 0x10_0000),),  # system control space
    )
    return UnicornChip(core, image, target, counter)


def emulator_versions() -> dict[str, str]:
    return {"unicorn": version("unicorn"), "capstone": version("capstone")}


FAMILY = Family(
    title="Cortex-M",
    models={core: MODELS[core] for core in EMULATED},
    harness=("chip.c", "freestanding.c"),
    make=make,
    find=find_arm_compiler,
    missing=lambda: None,
    versions=emulator_versions,
)


def available() -> str | None:
    """None, or why there is no compiler for Cortex-M."""
    return _emulated.unavailable(FAMILY)


__all__ = ["FAMILY", "available", "run", "selftest"]
