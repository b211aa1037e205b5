# SPDX-License-Identifier: Apache-2.0
"""Builds a package and the harness with a compiler: objects, a library, an image, a module.

Everything goes to one temporary folder per process. An object is made once per text: the
runtime's kernels are compiled for the first package that needs them and linked into all others.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from iseul.core.errors import BudgetError, ToolError
from iseul.device._toolchain import HARNESS, environment, machine_flags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from iseul.device._toolchain import Compiler
    from iseul.targets import Target

BUILD_SECONDS = 600  # a compiler that takes longer hangs
INCLUDED = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """What is built: a package's files plus files of the harness.

    name:     C prefix of the model
    files:    file name -> C text; compiled as a user would compile them
    harness:  names of files in `device/harness`; they learn the model's name from macros
    defines:  macros for the harness, `NAME` or `NAME=value`
    includes: headers of the harness that are put before each file
    """

    name: str
    files: Mapping[str, str]
    harness: tuple[str, ...]
    defines: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


def build_objects(
    source: Source,
    compiler: Compiler,
    target: Target | None = None,
    flags: tuple[str, ...] = (),
) -> list[Path]:
    """Objects of the package's files, then of the harness's, each once in this process.

    target: None for this machine. Raises ToolError with the compiler's last lines.
    """
    files, harness = dict(source.files), ("names.h", *source.harness)
    texts = {**files, **{name: (HARNESS / name).read_text() for name in harness}}
    folder = work_folder() / f"files-{_digest(*(p for item in files.items() for p in item))}"
    _write(folder, files)
    machine = machine_flags(compiler, target) if target is not None else ()
    common = (*compiler.flags, *machine, *flags)
    paths = [folder / name for name in sorted(files) if name.endswith(".c")]
    paths += [HARNESS / name for name in source.harness]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        return list(pool.map(partial(_object, source, compiler, texts, common, folder), paths))


def build_shared(source: Source, compiler: Compiler) -> Path:
    """A shared library for this machine. Raises ToolError with the compiler's last lines."""
    objects = build_objects(source, compiler, flags=("-fPIC",))
    return _link(compiler, objects, ("-shared",), "so")


def build_image(source: Source, target: Target, compiler: Compiler) -> Path:
    """An ELF image laid out for a target's memories, without startup code.

    Raises ToolError with the compiler's last lines; BudgetError if it does not fit the target.
    """
    objects = build_objects(source, compiler, target)
    text = _linker_script(target)
    script = work_folder() / f"memory-{_digest(text)}.ld"
    if not script.exists():
        script.write_text(text)
    flags = (
        *machine_flags(compiler, target),
        *("-static", "-Wl,--gc-sections", f"-Wl,-T,{script}"),
    )
    # gcc: no newlib, but its helper functions; zig has no C library here, only compiler-rt
    last = ("-nostdlib", "-lgcc") if compiler.family == "gcc" else ()
    return _link(compiler, objects, flags, "elf", last, target)


def build_module(source: Source, target: Target, compiler: Compiler) -> Path:
    """A WebAssembly module without an entry; what its C exports says so itself.

    Raises ToolError with the compiler's last lines.
    """
    objects = build_objects(source, compiler, target)
    flags = (*machine_flags(compiler, target), "-nostdlib", "-Wl,--no-entry", "-Wl,--gc-sections")
    return _link(compiler, objects, flags, "wasm", ("-Wl,--strip-debug",))


def _object(
    source: Source,
    compiler: Compiler,
    texts: Mapping[str, str],
    flags: tuple[str, ...],
    folder: Path,
    file: Path,
) -> Path:
    """The object of one file. Its name says all that went in, so it serves other packages too."""
    reached = _reached(file.name, texts)
    defines = source.defines if file.parent == HARNESS else ()
    macros = tuple(f"-D{define}" for define in defines)
    if "names.h" in reached:
        macros += _model_macros(source)
    first = [(HARNESS / name).read_text() for name in source.includes]
    told = [*compiler.command, str(compiler), *flags, *macros, *first]
    key = _digest(*told, *(part for name in reached for part in (name, texts[name])))
    out = work_folder() / f"{file.stem}-{key}.o"
    if not out.exists():
        before = [part for name in source.includes for part in ("-include", str(HARNESS / name))]
        where = ["-I", str(folder), "-c", str(file)]
        _call(compiler, [*flags, *macros, *before, *where], out)
    return out


def _reached(name: str, texts: Mapping[str, str]) -> list[str]:
    """The file and what it includes, directly or not, of the files that are known."""
    found: list[str] = []
    open_ = [name]
    while open_:
        this = open_.pop()
        if this in texts and this not in found:
            found.append(this)
            open_ += INCLUDED.findall(texts[this])
            if this == "names.h":  # includes the model's header, whatever that is called
                open_ += [header for header in texts if header.endswith(".h")]
    return sorted(found)


def _model_macros(source: Source) -> tuple[str, ...]:
    return (
        f"-DISEUL_MODEL={source.name}",
        f"-DISEUL_MODEL_UPPER={source.name.upper()}",
        f'-DISEUL_MODEL_H="{source.name}.h"',
    )


def _link(
    compiler: Compiler,
    objects: Sequence[Path],
    flags: tuple[str, ...],
    suffix: str,
    last: tuple[str, ...] = (),
    target: Target | None = None,
) -> Path:
    names = [path.name for path in objects]
    out = work_folder() / f"linked-{_digest(str(compiler), *flags, *names)}.{suffix}"
    if not out.exists():
        # zig builds its runtime library with the same flags
        _call(compiler, [*compiler.flags, *flags, *map(str, objects), *last], out, target)
    return out


def _call(
    compiler: Compiler, arguments: Sequence[str], out: Path, target: Target | None = None
) -> None:
    """Run the compiler; the output appears under its name only when it is whole."""
    draft = out.with_name(f"part-{os.getpid()}-{out.name}")
    try:
        done = subprocess.run(
            [*compiler.command, *arguments, "-o", str(draft)],
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
            env=environment(),
            cwd=out.parent,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolError(f"{compiler} did not finish: {error}") from None
    lines = (done.stderr or done.stdout).strip().splitlines()
    if done.returncode != 0 or not draft.exists():
        _check_overflow(lines, target)
        raise ToolError(
            f"{compiler} failed with code {done.returncode}",
            "the generated C or this compiler is at fault: please report it with these lines",
            lines[-12:],
        )
    draft.replace(out)


def _check_overflow(lines: Sequence[str], target: Target | None) -> None:
    """Raise BudgetError if the linker says that a memory of the board is too small."""
    for line in lines:
        found = re.search(r"region [`'](FLASH|RAM)':? overflowed by (\d+) bytes", line)
        if found and target is not None:
            kind, over = found.group(1), int(found.group(2))
            has = target.flash_bytes if kind == "FLASH" else target.ram_bytes
            raise BudgetError(
                f"the image needs {has + over:,} bytes of {kind.lower()}, "
                f"{target.name} has {has:,}",
                "a smaller model, or a board with more memory",
            )


def _write(folder: Path, files: Mapping[str, str]) -> None:
    """Write files into a new folder; the folder's name says what is in it."""
    if folder.exists():
        return
    draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix="part-"))
    for name, text in files.items():
        (draft / name).write_text(text)
    draft.rename(folder)


def _linker_script(target: Target) -> str:
    text = (HARNESS / "chip.ld").read_text()
    for name in ("flash_start", "flash_bytes", "ram_start", "ram_bytes"):
        text = text.replace(f"@{name.upper()}@", hex(getattr(target, name)))
    return text


@cache
def work_folder() -> Path:
    """This process's builds; removed when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="iseul-build-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
