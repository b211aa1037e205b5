# SPDX-License-Identifier: Apache-2.0
"""Runs the image that is linked for a board with a Cortex-M55 on that board in QEMU (Helium).

The package's C is compiled for the core's vector unit; the compiler vectorises the plain C
kernels as it does at -O2. Instructions are counted as on the other cores.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from iseul.device import _emulated
from iseul.device._chip import Family
from iseul.device._cycles_arm import MODELS
from iseul.device._emulated import run, selftest
from iseul.device._qemu import HARNESS, QemuChip, missing, qemu_version
from iseul.device._toolchain import find_arm_compiler

if TYPE_CHECKING:
    from iseul.device._count import Counter
    from iseul.device._elf import Image
    from iseul.targets import Target

EMULATED = {"cortex-m55": "mps3-an547"}


def make(image: Image, target: Target, counter: Counter | None = None) -> QemuChip:
    """A board of the family, emulated."""
    return QemuChip(EMULATED[target.core], image, target, counter)


def emulator_versions() -> dict[str, str]:
    return {"qemu": qemu_version(), "capstone": version("capstone")}


FAMILY = Family(
    title="Cortex-M with Helium",
    models={core: MODELS[core] for core in EMULATED},
    harness=HARNESS,
    make=make,
    find=find_arm_compiler,
    missing=missing,
    versions=emulator_versions,
)


def available() -> str | None:
    """None, or why QEMU or a compiler for Cortex-M is missing."""
    return _emulated.unavailable(FAMILY)


__all__ = ["FAMILY", "available", "run", "selftest"]
