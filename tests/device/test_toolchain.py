# SPDX-License-Identifier: Apache-2.0
"""Compilers: found or named, quiet on our C, and honest when a build fails."""

from __future__ import annotations

import re

import pytest

from device._boards import C3, M55
from device._nets import M4, NETS, package
from iseul.compile.emit.c import RUNTIME
from iseul.core.errors import BudgetError, ToolError
from iseul.device import _toolchain as toolchain
from iseul.device._build import INCLUDED, Source, build_image, build_objects, build_shared
from iseul.device._chip import family_of
from iseul.device._elf import defined_symbols, read_image, undefined_symbols
from iseul.device._loaded import link
from iseul.device._toolchain import Compiler
from iseul.device.runners import cortex_m
from iseul.targets import load_target

# Helpers that compilers call for what a core lacks (division, soft floats, 64-bit shifts) and the
# two functions that generated C may use, under the names of C and of the Arm ABI.
ALLOWED = re.compile(
    r"(__aeabi_)?mem(cpy|set)[48]?|__aeabi_memclr[48]?|__aeabi_(?!mem)\w+|__\w+[sd][fi]\d?|"
    r"_GLOBAL_OFFSET_TABLE_"
)


def _compilers(find: str) -> list[Compiler]:
    found = []
    for family in ("gcc", "clang"):
        try:
            found.append(getattr(toolchain, find)(family))
        except ToolError:
            continue
    return found


HOST = _compilers("find_host_compiler")
ARM = _compilers("find_arm_compiler")
RISCV = _compilers("find_riscv_compiler")
CHIPS = [
    *((compiler, board) for compiler in ARM for board in (M4, "nucleo-g0b1re", M55)),
    *((compiler, C3) for compiler in RISCV),
]


def _source(packed, **fields) -> Source:
    return Source(packed.name, packed.files, (), **fields)


def _runtime_with_assembly() -> dict[str, str]:
    """Kernels whose blocks name registers, and all headers."""
    texts = {path.name: path.read_text() for path in RUNTIME.glob("iseul*.[ch]")}
    headers = {name: text for name, text in texts.items() if name.endswith(".h")}

    def has_assembly(name: str) -> bool:
        text = texts[name]
        return "__asm__ volatile" in text or any(map(has_assembly, INCLUDED.findall(text)))

    return headers | {n: text for n, text in texts.items() if n.endswith(".c") and has_assembly(n)}


@pytest.mark.parametrize(
    ("board", "level"),
    [(M4, "-O1"), (M4, "-Os"), (M4, "-Og"), ("nucleo-g0b1re", "-Os"), (M55, "-Os"), (M55, "-Og")],
)
def test_kernels_in_assembly_compile_at_every_level(board, level):
    """A project's flags are its own: blocks that take all registers must fit under any of them."""
    compiler = toolchain.find_arm_compiler("gcc")
    files = _runtime_with_assembly()
    kernels = [name for name in files if name.endswith(".c")]
    assert len(kernels) > 40
    made = build_objects(Source("net", files, ()), compiler, load_target(board), flags=(level,))
    assert len(made) == len(kernels)


@pytest.mark.parametrize("compiler", [*HOST, *ARM, *RISCV], ids=str)
def test_compiler_states_name_and_version(compiler):
    assert re.fullmatch(r"\d+\.\d+(\.\d+)?", compiler.version)
    assert compiler.family in ("gcc", "clang")
    assert "-Werror" in compiler.flags


def test_no_compiler_is_an_error_that_says_what_to_install(monkeypatch):
    monkeypatch.setattr(toolchain, "_probe", lambda command: None)
    with pytest.raises(ToolError, match=r"no C compiler for Cortex-M[^$]*pip install ziglang"):
        toolchain.find_arm_compiler()
    with pytest.raises(ToolError, match=r"no C compiler for RISC-V[^$]*pip install ziglang"):
        toolchain.find_riscv_compiler()
    with pytest.raises(ToolError, match="for this machine"):
        toolchain.find_host_compiler()
    with pytest.raises(ToolError, match="no gcc"):
        toolchain.find_arm_compiler("gcc")


def test_arm_gcc_comes_before_clang(monkeypatch):
    both = [
        Compiler("gcc", "arm-none-eabi-gcc", "12.2.1", ("arm-none-eabi-gcc",), ()),
        Compiler("clang", "clang (ziglang)", "20.1.0", ("zig",), ()),
    ]
    by_command = {both[0].command: both[0]}
    monkeypatch.setattr(toolchain, "_probe", lambda command: by_command.get(command, both[1]))
    assert toolchain.find_arm_compiler() is both[0]
    assert toolchain.find_arm_compiler("clang") is both[1]


@pytest.mark.parametrize(("compiler", "board"), CHIPS, ids=str)
@pytest.mark.parametrize("net", NETS)
def test_c_builds_for_the_chip_without_a_warning_and_without_libc(net, compiler, board):
    target = load_target(board)
    packed = package(net, board)
    objects = build_objects(_source(packed), compiler, target)
    assert len(objects) == sum(name.endswith(".c") for name in packed.files)
    _check_symbols(objects)


@pytest.mark.parametrize("compiler", HOST, ids=str)
@pytest.mark.parametrize("net", NETS)
def test_c_builds_for_the_host_without_a_warning_and_without_libc(net, compiler):
    _check_symbols(build_objects(_source(package(net)), compiler))


def _check_symbols(objects) -> None:
    defined: set[str] = set()
    wanted: set[str] = set()
    for path in objects:
        wanted |= undefined_symbols(path)
        defined |= defined_symbols(path)
    foreign = {name for name in wanted - defined if not ALLOWED.fullmatch(name)}
    assert not foreign


def test_a_warning_fails_the_build_with_the_compilers_last_lines():
    files = {"bad.h": "", "bad.c": "int f(long x);\nint f(long x) { char c = x; return c; }\n"}
    source = Source("bad", files, ())
    with pytest.raises(ToolError, match=r"(?s)failed with code.*bad\.c:2"):
        build_objects(source, HOST[0])


def test_an_image_too_large_for_the_board_is_a_budget_error():
    packed = package("residual")
    sources = Source(packed.name, packed.files, cortex_m.FAMILY.harness)
    for compiler in ARM:
        for field, kind in (("ram_bytes", "ram"), ("flash_bytes", "flash")):
            small = load_target(M4).model_copy(update={field: 512})
            with pytest.raises(BudgetError, match=rf"of {kind}, nucleo-l4r5zi has 512"):
                build_image(sources, small, compiler)


def test_the_same_build_is_made_once():
    source = Source("none", {}, ("edges.c",))
    first = build_shared(source, HOST[0])
    stamp = first.stat().st_mtime_ns
    assert build_shared(source, HOST[0]) == first
    assert first.stat().st_mtime_ns == stamp


WITH_UNICORN = [(compiler, board) for compiler, board in CHIPS if board != M55]


@pytest.mark.parametrize(("compiler", "board"), WITH_UNICORN, ids=str)
def test_freestanding_memcpy_and_memset(compiler, board):
    packed, target = package("dense", board), load_target(board)
    family = family_of(target)
    keep = "typedef void (*f_t)(void); void *memcpy(void*,const void*,unsigned);"
    keep += "void *memset(void*,int,unsigned);\n"
    keep += '__attribute__((section(".iseul_harness.rodata"), used))'
    keep += "f_t const keep_memory[] = {(f_t)memcpy, (f_t)memset};\n"
    files = {**packed.files, "keep.c": keep}
    source = Source(packed.name, files, family.harness)
    image = read_image(build_image(source, target, compiler))
    chip = family.make(image, target)
    to, start = target.ram_start + 0x8000, target.ram_start + 0x9000
    text = bytes(range(1, 120))
    chip.write(start, text)
    for skew_to in range(4):
        for skew_from in range(4):
            for n in (0, 1, 3, 4, 7, 16, 33):
                chip.write(to, bytes(64))
                back = chip.call("memcpy", to + skew_to, start + skew_from, n)
                assert back & 0xFFFF_FFFF == to + skew_to
                want = bytes(skew_to) + text[skew_from : skew_from + n]
                assert chip.read(to, 64) == want.ljust(64, b"\0")
                chip.call("memset", to + skew_to, 0x1C3, n)
                want = bytes(skew_to) + b"\xc3" * n
                assert chip.read(to, 64) == want.ljust(64, b"\0")


def test_sizes_of_the_image_are_told_without_the_harness():
    image = link(package("dense"))
    weights = sum(v.n_bytes for v in package("dense").graph.constants)
    assert image.sections[".iseul_rodata"] >= weights
    assert image.sections.get(".iseul_bss", 0) == 0, "generated C has no mutable statics"
    assert image.sections.get(".iseul_data", 0) == 0
