# SPDX-License-Identifier: Apache-2.0
"""C compilers: which are here, and the flags that each needs.

    host      cc, gcc or clang, else the clang inside the pip package `ziglang`
    Cortex-M  arm-none-eabi-gcc, else the same clang (`python -m ziglang cc`)
    RISC-V    riscv64-unknown-elf-gcc, else the same clang
    wasm      the same clang, else clang with wasm-ld

One compiler builds a whole image: they are never mixed. `_build.py` calls them.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from iseul.core import folders
from iseul.core.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.targets import Target

Family = Literal["gcc", "clang"]

HARNESS = Path(__file__).parent / "harness"
HOST_REMEDY = "apt-get install gcc, or pip install ziglang"
ARM_REMEDY = "pip install ziglang, or apt-get install gcc-arm-none-eabi"
WASM_REMEDY = "pip install ziglang, or apt-get install clang lld"
RISCV_REMEDY = "pip install ziglang, or apt-get install gcc-riscv64-unknown-elf"

FLAGS = (
    *("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-ffunction-sections", "-fdata-sections", "-fomit-frame-pointer"),
    *("-fno-unwind-tables", "-fno-asynchronous-unwind-tables"),
)
# Identical functions must stay apart, or a step's cost goes to another step.
FAMILY_FLAGS: dict[Family, tuple[str, ...]] = {
    "gcc": ("-fno-ipa-icf",),
    "clang": ("-fno-sanitize=undefined", "-fno-stack-protector"),  # zig turns both on
}
CORE_FLAGS: dict[str, dict[Family, tuple[str, ...]]] = {
    "cortex-m0plus": {"gcc": ("-mcpu=cortex-m0plus",), "clang": ("-mcpu=cortex_m0plus",)},
    "cortex-m4": {"gcc": ("-mcpu=cortex-m4",), "clang": ("-mcpu=cortex_m4",)},
    "cortex-m7": {"gcc": ("-mcpu=cortex-m7",), "clang": ("-mcpu=cortex_m7",)},
    "cortex-m33": {"gcc": ("-mcpu=cortex-m33",), "clang": ("-mcpu=cortex_m33",)},
    "cortex-m55": {"gcc": ("-mcpu=cortex-m55",), "clang": ("-mcpu=cortex_m55",)},
    "riscv32imc": {
        "gcc": ("-march=rv32imc", "-mabi=ilp32"),
        "clang": ("-mcpu=generic_rv32+m+c",),
    },
}
FPU_FLAGS: dict[str, tuple[str, str]] = {  # core: gcc's -mfpu, clang's feature
    "cortex-m4": ("fpv4-sp-d16", "vfp4d16sp"),
    "cortex-m7": ("fpv5-sp-d16", "fp_armv8d16sp"),
    "cortex-m33": ("fpv5-sp-d16", "fp_armv8d16sp"),
    "cortex-m55": ("auto", "mve_fp"),
}


@dataclass(frozen=True)
class Compiler:
    """A C compiler that was found.

    family:  `gcc` or `clang`, as `--compiler` takes it
    name:    such as "arm-none-eabi-gcc", with `version` what is written beside numbers
    command: how it is called
    flags:   always given, before a target's own
    """

    family: Family
    name: str
    version: str
    command: tuple[str, ...]
    flags: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


# --- finding


def find_host_compiler(prefer: Family | None = None) -> Compiler:
    """A compiler for this machine. Raises ToolError if there is none (of the wanted family)."""
    return _first([("gcc",), ("clang",), ("cc",), _zig()], prefer, "this machine", HOST_REMEDY)


def find_arm_compiler(prefer: Family | None = None) -> Compiler:
    """A compiler for Cortex-M: arm-none-eabi-gcc where installed, else ziglang's clang.

    prefer: take only this family. Raises ToolError if there is none.
    """
    return _first([("arm-none-eabi-gcc",), _zig()], prefer, "Cortex-M", ARM_REMEDY)


def find_riscv_compiler(prefer: Family | None = None) -> Compiler:
    """A compiler for RISC-V: riscv64-unknown-elf-gcc where installed, else ziglang's clang.

    prefer: take only this family. Raises ToolError if there is none.
    """
    return _first([("riscv64-unknown-elf-gcc",), _zig()], prefer, "RISC-V", RISCV_REMEDY)


def find_wasm_compiler(prefer: Family | None = None) -> Compiler:
    """A compiler for WebAssembly: ziglang's clang, else clang where wasm-ld is installed.

    prefer: take only this family. Raises ToolError if there is none.
    """
    linked = [("clang",)] if shutil.which("wasm-ld") else []
    return _first([_zig(), *linked], prefer, "WebAssembly", WASM_REMEDY)


def _zig() -> tuple[str, ...]:
    return (sys.executable, "-m", "ziglang", "cc")


def _first(
    commands: Sequence[tuple[str, ...]], prefer: Family | None, machine: str, remedy: str
) -> Compiler:
    found = [compiler for command in commands if (compiler := _probe(command)) is not None]
    for compiler in found:
        if prefer in (None, compiler.family):
            return compiler
    wanted = f"{prefer} that builds" if prefer else "C compiler"
    has = f" (found: {', '.join(map(str, found))})" if found else ""
    raise ToolError(f"there is no {wanted} for {machine}{has}", remedy)


@cache
def _probe(command: tuple[str, ...]) -> Compiler | None:
    """The compiler behind a command, or None if it is not here or does not answer."""
    is_zig = command == _zig()
    if is_zig and importlib.util.find_spec("ziglang") is None:
        return None
    if not is_zig and shutil.which(command[0]) is None:
        return None
    try:
        answer = subprocess.run(
            [*command, "--version"],
            capture_output=True,
            text=True,
            timeout=60,
            env=environment(),
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode != 0 or not answer.stdout:
        return None
    family: Family = "clang" if "clang" in answer.stdout.lower() else "gcc"
    first = answer.stdout.splitlines()[0]
    number = re.search(r"\d+\.\d+(\.\d+)?", re.sub(r"\([^)]*\)", "", first))
    name = "clang (ziglang)" if is_zig else command[0]
    version = number.group(0) if number else first
    return Compiler(family, name, version, command, (*FLAGS, *FAMILY_FLAGS[family]))


def environment() -> dict[str, str]:
    """Environment variables for calling a compiler: messages in English, zig's cache in ours."""
    env = dict(os.environ, LC_ALL="C", SOURCE_DATE_EPOCH="0")
    # where zig keeps what it built of its own runtime
    env.setdefault("ZIG_GLOBAL_CACHE_DIR", str(folders.cache("zig")))
    return env


def machine_flags(compiler: Compiler, target: Target) -> tuple[str, ...]:
    """Flags that make a compiler produce code for a target's core. Raises ToolError."""
    if target.core == "host":
        return ()
    if target.core == "wasm32":
        vectors = ("-msimd128",) if "simd128" in target.isas else ()
        return ("-target", "wasm32-freestanding", *vectors, "-isystem", str(HARNESS / "include"))
    core = CORE_FLAGS[target.core][compiler.family]
    headers = ("-isystem", str(HARNESS / "include"))
    if target.core.startswith("riscv32"):
        if compiler.family == "clang":
            return ("-target", "riscv32-freestanding-none", *core, *headers)
        # Debian's gcc has no C library, and its own stdint.h only when free-standing; -fbuiltin
        # gives a small memcpy in line again, as where there is a library
        return (*core, "-ffreestanding", "-fbuiltin", *headers)
    fpu = FPU_FLAGS.get(target.core) if target.has_fpu else None
    if compiler.family == "clang":
        where = "thumb-freestanding-eabihf" if fpu else "thumb-freestanding-eabi"
        feature = f"+{fpu[1]}" if fpu else ""
        return ("-target", where, f"{core[0]}{feature}", *headers)
    floats = ("-mfloat-abi=hard", f"-mfpu={fpu[0]}") if fpu else ("-mfloat-abi=soft",)
    return ("-mthumb", *core, *floats)
