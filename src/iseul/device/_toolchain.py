# SPDX-License-Identifier: Apache-2.0
"""C compilers: which are here, and how a package is built with them.

    host      cc, gcc or clang, else the clang inside the pip package `ziglang`
    Cortex-M  arm-none-eabi-gcc, else the same clang (`python -m ziglang cc`)

One compiler builds a whole image: they are never mixed. Builds go to a temporary folder and are
kept for this process, so that verifying and measuring the same package compiles it once.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from iseul.core.errors import BudgetError, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.targets import Target

Family = Literal["gcc", "clang"]

HARNESS = Path(__file__).parent / "harness"
BUILD_SECONDS = 600  # a compiler that takes longer hangs
HOST_REMEDY = "apt-get install gcc, or pip install ziglang"
ARM_REMEDY = "pip install ziglang, or apt-get install gcc-arm-none-eabi"

FLAGS = (
    *("-std=c99", "-O2", "-Wall", "-Wextra", "-Wconversion", "-Werror"),
    *("-ffunction-sections", "-fdata-sections", "-fomit-frame-pointer"),
)
# Identical functions must stay apart, or a step's cost goes to another step.
FAMILY_FLAGS: dict[Family, tuple[str, ...]] = {
    "gcc": ("-fno-ipa-icf",),
    "clang": ("-fno-sanitize=undefined", "-fno-stack-protector"),  # zig turns both on
}
CORE_FLAGS: dict[tuple[Family, str], tuple[str, ...]] = {
    ("gcc", "cortex-m0plus"): ("-mcpu=cortex-m0plus",),
    ("gcc", "cortex-m4"): ("-mcpu=cortex-m4",),
    ("gcc", "cortex-m7"): ("-mcpu=cortex-m7",),
    ("gcc", "cortex-m33"): ("-mcpu=cortex-m33",),
    ("clang", "cortex-m0plus"): ("-mcpu=cortex_m0plus",),
    ("clang", "cortex-m4"): ("-mcpu=cortex_m4",),
    ("clang", "cortex-m7"): ("-mcpu=cortex_m7",),
    ("clang", "cortex-m33"): ("-mcpu=cortex_m33",),
}
FPU_FLAGS: dict[str, tuple[str, str]] = {  # core: gcc's -mfpu, clang's feature
    "cortex-m4": ("fpv4-sp-d16", "vfp4d16sp"),
    "cortex-m7": ("fpv5-sp-d16", "fp_armv8d16sp"),
    "cortex-m33": ("fpv5-sp-d16", "fp_armv8d16sp"),
}


@dataclass(frozen=True)
class Compiler:
    """A C compiler that was found.

    command: how it is called
    version: as people read it, such as "arm-none-eabi-gcc 12.2.1"
    flags:   always given, before a target's own
    """

    family: Family
    command: tuple[str, ...]
    version: str
    flags: tuple[str, ...]

    @property
    def name(self) -> str:
        """`gcc` or `clang`, as `--compiler` takes it."""
        return self.family


@dataclass(frozen=True)
class Source:
    """What is built: a package's files plus files of the harness.

    name:     C prefix of the model
    files:    file name -> C text
    harness:  names of files in `device/harness`
    defines:  macros, `NAME` or `NAME=value`
    includes: header files of the harness put before each file
    """

    name: str
    files: Mapping[str, str]
    harness: tuple[str, ...]
    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


# --- finding


def find_host_compiler(prefer: Family | None = None) -> Compiler:
    """A compiler for this machine. Raises ToolError if there is none (of the wanted family)."""
    return _first([("gcc",), ("clang",), ("cc",), _zig()], prefer, "this machine", HOST_REMEDY)


def find_arm_compiler(prefer: Family | None = None) -> Compiler:
    """A compiler for Cortex-M: arm-none-eabi-gcc where installed, else ziglang's clang.

    prefer: take only this family. Raises ToolError if there is none.
    """
    return _first([("arm-none-eabi-gcc",), _zig()], prefer, "Cortex-M", ARM_REMEDY)


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
    has = f" (found: {', '.join(c.version for c in found)})" if found else ""
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
            env=_environment(),
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
    version = f"{name} {number.group(0) if number else first}"
    return Compiler(family, command, version, (*FLAGS, *FAMILY_FLAGS[family]))


@cache
def _cache_folder() -> Path:
    """Where zig keeps what it built of its own runtime: kept between processes."""
    root = os.environ.get("XDG_CACHE_HOME")
    return (Path(root) if root else Path.home() / ".cache") / "iseul" / "zig"


def _environment() -> dict[str, str]:
    env = dict(os.environ, LC_ALL="C", SOURCE_DATE_EPOCH="0")
    env.setdefault("ZIG_GLOBAL_CACHE_DIR", str(_cache_folder()))
    return env


def machine_flags(compiler: Compiler, target: Target) -> tuple[str, ...]:
    """Flags that make a compiler produce code for a target's core. Raises ToolError."""
    if target.core == "host":
        return ()
    core = CORE_FLAGS[compiler.family, target.core]
    fpu = FPU_FLAGS.get(target.core) if target.has_fpu else None
    if compiler.family == "clang":
        where = "thumb-freestanding-eabihf" if fpu else "thumb-freestanding-eabi"
        feature = f"+{fpu[1]}" if fpu else ""
        return ("-target", where, f"{core[0]}{feature}", "-isystem", str(HARNESS / "include"))
    floats = ("-mfloat-abi=hard", f"-mfpu={fpu[0]}") if fpu else ("-mfloat-abi=soft",)
    return ("-mthumb", *core, *floats)


# --- building


def build_shared(source: Source, compiler: Compiler) -> Path:
    """A shared library for this machine. Raises ToolError with the compiler's last lines."""
    return _build(source, compiler, ("-fPIC", "-shared"), "", "model.so")


def build_image(source: Source, target: Target, compiler: Compiler) -> Path:
    """An ELF image laid out for a target's memories, without startup code.

    Raises ToolError with the compiler's last lines; BudgetError if it does not fit the target.
    """
    flags = (
        *machine_flags(compiler, target),
        *("-nostdlib", "-nostartfiles", "-static", "-Wl,--gc-sections"),
    )
    if compiler.family == "gcc":
        flags = (*flags, "-Wl,--no-warn-rwx-segments") if _knows_rwx(compiler) else flags
    return _build(source, compiler, flags, _linker_script(target), "model.elf", target)


def build_objects(source: Source, compiler: Compiler, target: Target | None = None) -> list[Path]:
    """One object per C file of the package, for looking at what it refers to."""
    machine = machine_flags(compiler, target) if target is not None else ()
    folder = _work_folder() / f"objects-{_key(source, compiler, machine)}"
    files = _write(folder, source)
    made = []
    for file in files:
        out = file.with_suffix(".o")
        _call(compiler, [*_arguments(source, compiler, machine, folder), "-c", str(file)], out)
        made.append(out)
    return made


def _build(
    source: Source,
    compiler: Compiler,
    flags: tuple[str, ...],
    script: str,
    name: str,
    target: Target | None = None,
) -> Path:
    folder = _work_folder() / _key(source, compiler, (*flags, script))
    out = folder / name
    if out.exists():
        return out
    files = [*_write(folder, source), *(HARNESS / name for name in source.harness)]
    last: tuple[str, ...] = ()
    if script:
        (folder / "memory.ld").write_text(script)
        last = ("-Wl,-T," + str(folder / "memory.ld"),)
        last += ("-lgcc",) if compiler.family == "gcc" else ()
    arguments = [*_arguments(source, compiler, flags, folder), *map(str, files), *last]
    _call(compiler, arguments, out, target)
    return out


def _arguments(
    source: Source, compiler: Compiler, flags: tuple[str, ...], folder: Path
) -> list[str]:
    names = (
        f"-DISEUL_MODEL={source.name}",
        f"-DISEUL_MODEL_UPPER={source.name.upper()}",
        f'-DISEUL_MODEL_H="{source.name}.h"',
    )
    defines = [f"-D{define}" for define in source.defines]
    first = [part for file in source.includes for part in ("-include", str(HARNESS / file))]
    paths = ["-I", str(folder), "-I", str(HARNESS)]
    return [*compiler.flags, *flags, *names, *defines, *first, *paths]


def _call(
    compiler: Compiler, arguments: Sequence[str], out: Path, target: Target | None = None
) -> None:
    """Run the compiler; the output appears under its name only when it is whole."""
    draft = out.with_name(f"{out.name}.part{os.getpid()}")
    try:
        done = subprocess.run(
            [*compiler.command, *arguments, "-o", str(draft)],
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            env=_environment(),
            cwd=out.parent,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{compiler.version} did not finish: {error}") from None
    lines = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode != 0 or not draft.exists():
        _check_overflow(lines, target)
        raise ToolError(
            f"{compiler.version} failed with code {done.returncode}",
            "the generated C or this compiler is at fault: please report it with these lines",
            lines[-12:],
        )
    draft.replace(out)


def _check_overflow(lines: Sequence[str], target: Target | None) -> None:
    """Raise BudgetError if the linker says that a memory of the board is too small."""
    for line in lines:
        found = re.search(r"region [`']?(FLASH|RAM)'? overflowed by (\d+) bytes", line)
        if found and target is not None:
            kind, over = found.group(1), int(found.group(2))
            has = target.flash_bytes if kind == "FLASH" else target.ram_bytes
            raise BudgetError(
                f"the image needs {has + over:,} bytes of {kind.lower()}, "
                f"{target.name} has {has:,}",
                "a smaller model, or a board with more memory",
            )


def _write(folder: Path, source: Source) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in source.files.items():
        (folder / name).write_text(text)
    return [folder / name for name in sorted(source.files) if name.endswith(".c")]


def _linker_script(target: Target) -> str:
    text = (HARNESS / "cortex_m.ld").read_text()
    for name in ("flash_start", "flash_bytes", "ram_start", "ram_bytes"):
        text = text.replace(f"@{name.upper()}@", hex(getattr(target, name)))
    return text


@cache
def _knows_rwx(compiler: Compiler) -> bool:
    """Whether the linker is binutils 2.39 or newer, which warns about such segments."""
    answer = subprocess.run(
        [*compiler.command, "-Wl,--version"], capture_output=True, text=True, check=False
    )
    found = re.search(r"GNU ld .*?(\d+)\.(\d+)", answer.stdout)
    return found is not None and (int(found.group(1)), int(found.group(2))) >= (2, 39)


@cache
def _work_folder() -> Path:
    """This process's builds; removed when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="iseul-build-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _key(source: Source, compiler: Compiler, flags: Sequence[str]) -> str:
    parts: list[str] = [source.name, *compiler.command, compiler.version, *compiler.flags, *flags]
    parts += [*source.defines, *source.includes]
    parts += [part for item in sorted(source.files.items()) for part in item]
    parts += [(HARNESS / name).read_text() for name in source.harness]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
