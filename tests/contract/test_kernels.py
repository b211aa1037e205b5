# SPDX-License-Identifier: Apache-2.0
"""Every kernel card and every file of the runtime: names, rules, parameter structs, clean C.

That a kernel computes what its op means is shown by device/test_cases.py over all case tables.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest

from cases import all_cases
from iseul.compile import compile_graph
from iseul.compile.emit._c_constants import bytes_of
from iseul.compile.kernels._card import Card
from iseul.compile.lower import lower
from iseul.compile.select import KERNELS
from iseul.core import registry
from iseul.core.errors import ToolError, UnsupportedError
from iseul.device._toolchain import find_arm_compiler, find_host_compiler, machine_flags
from iseul.graph.build import OPS
from iseul.targets import load_target
from iseul.targets._target import Isa

if TYPE_CHECKING:
    from iseul.graph.ir import Io, Node

RUNTIME = Path(__file__).parents[2] / "src" / "iseul" / "runtime"
HEADERS = sorted(RUNTIME.glob("*.h"))
HEADER = "\n".join(path.read_text() for path in HEADERS)
FILES = sorted(RUNTIME.glob("*.c"))
HELIUM = [path for path in FILES if path.stem.endswith("_mve")]
M4 = load_target("nucleo-l4r5zi")
CARDS = [(op, card) for op in registry.names(KERNELS) for card in registry.load(KERNELS, op).CARDS]
HELPERS = {"iseul_crc32", "iseul_is_close_f32", "iseul_keep_rows"}  # of no card


def name_of(value: Any) -> str:
    if isinstance(value, list):
        return str(len(value))
    return value.symbol if isinstance(value, Card) else str(value)


def test_every_op_has_cards_or_says_what_to_do() -> None:
    assert registry.names(KERNELS) == registry.names(OPS)
    for op in registry.names(KERNELS):
        entry = registry.load(KERNELS, op)
        assert entry.CARDS or entry.REMEDY


@pytest.mark.parametrize(("op", "card"), CARDS, ids=name_of)
def test_card(op: str, card: Card) -> None:
    assert card.isa in get_args(Isa)
    assert all((rule.__doc__ or "").strip() for rule in card.fits)
    assert (card.cost.__doc__ or "").strip()
    if card.alias:
        return
    assert (RUNTIME / f"{card.symbol}.c").is_file()
    assert re.search(rf"\bvoid {card.symbol}\(const {card.params} \*p, const ", HEADER)
    assert f"}} {card.params};" in HEADER


def test_symbols_stand_for_one_struct() -> None:
    structs: dict[str, set[str]] = {}
    for _, card in CARDS:
        structs.setdefault(card.symbol, set()).add(card.params)
    assert all(len(found) == 1 for found in structs.values())


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_file_is_one_documented_function(file: Path) -> None:
    text = file.read_text()
    assert text.startswith("// SPDX-License-Identifier: Apache-2.0\n// " + file.stem + ": ")
    code = re.sub(r"//.*", "", text)
    known = {"<string.h>", *(f'"{path.name}"' for path in HEADERS)}
    assert set(re.findall(r"#include (\S+)", code)) <= known
    external = re.findall(r"^(?!static\b)\w[\w \*]*?(\w+)\([^;]*?\) \{$", code, re.MULTILINE)
    assert external == [file.stem]
    assert not re.search(r"\b(malloc|calloc|free|printf|assert|goto|long|double)\b", code)
    assert "#if" not in code
    # statics are functions or constants: no state in a kernel
    assert not re.search(r"^[ \t]+static (?!const\b)", code, re.MULTILINE)
    assert not re.search(r"^static (?!const\b)[^(]*[;=]", code, re.MULTILINE)
    assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())
    assert max(part.count("\n") for part in re.split(r"^\}$", code, flags=re.MULTILINE)) <= 120
    kernels = {card.symbol for _, card in CARDS} | HELPERS
    assert file.stem in kernels, "no card uses this kernel"


# what gcc builds for a board: all, or where others of its family build all, its own kernels
BOARDS = {"nucleo-g0b1re": FILES, "nucleo-l4r5zi": FILES, "mps3-an547": HELIUM}


def for_a_chip(file: Path) -> bool:
    """Whether a file or what it includes has assembly; the rest is the same C everywhere."""
    text = file.read_text()
    included = (RUNTIME / name for name in re.findall(r'#include "(\S+)"', text))
    return "asm" in text or any(map(for_a_chip, included))


def compilers() -> list[tuple[str, list[str], list[Path]]]:
    """(name, command and flags, files to build). clang, whose warnings do not depend on the chip,
    builds all files for the host alone.
    """
    found = []
    for family in ("gcc", "clang"):
        try:
            host = find_host_compiler(family)
            found.append((f"host {family}", [*host.command, *host.flags], FILES))
        except ToolError:
            pass
        try:
            arm = find_arm_compiler(family)
        except ToolError:
            continue
        for board, files in BOARDS.items():
            flags = machine_flags(arm, load_target(board))
            some = files if family == "gcc" else list(filter(for_a_chip, files))
            found.append((f"{board} {family}", [*arm.command, *arm.flags, *flags], some))
    return found


@pytest.mark.parametrize(("name", "words", "files"), compilers(), ids=name_of)
def test_runtime_builds_without_a_warning(
    name: str, words: list[str], files: list[Path], tmp_path: Path
) -> None:
    """With more warnings than packages are built with; one file includes all headers, as a
    model's files may.
    """
    more = ["-Wpedantic", "-Wshadow", "-Wmissing-prototypes", "-Wstrict-prototypes", "-Wvla"]
    together = tmp_path / "together.c"
    together.write_text("".join(f'#include "{path}"\n' for path in HEADERS))
    done = subprocess.run(
        [*words, *more, "-c", *map(str, files), str(together)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{name}: {done.stderr}"


# --- the fields that cards emit are those of the structs in the headers


def struct_fields(name: str) -> list[tuple[str, str, int]]:
    """(type, field, elements; 0 for a pointer) of a struct of the runtime, in its order."""
    body = re.search(r"typedef struct \{([^}]*)\} " + name + ";", HEADER)
    assert body, name
    found = []
    for line in re.sub(r"//.*", "", body.group(1)).split(";"):
        if not line.strip():
            continue
        kind, _, rest = line.strip().removeprefix("const ").partition(" ")
        for part in rest.split(","):
            match = re.fullmatch(r"(\*?)(\w+)(?:\[(\d+)\])?", part.strip())
            assert match, line
            found.append((kind, match[2], 0 if match[1] else int(match[3] or 1)))
    return found


def assert_fields(fields: dict[str, Any], struct: str) -> None:
    declared = struct_fields(struct)
    assert list(fields) == [field for _, field, _ in declared], struct
    for kind, field, n in declared:
        value = fields[field]
        if kind.startswith("iseul_"):
            assert_fields(value, kind)
        elif n == 0:
            dtype = {"float": "float32"}.get(kind, kind.removesuffix("_t"))
            assert value.dtype == dtype, (struct, field)
        elif n > 1:
            assert isinstance(value, tuple) and len(value) == n, (struct, field)
        else:
            assert isinstance(value, float if kind == "float" else int), (struct, field)
            assert kind == "float" or -(2**31) <= value < 2**31, (struct, field)


def fitting() -> list[tuple[Card, Node, Io]]:
    """Each card with the nodes of the case tables that it fits."""
    found = []
    for case in all_cases():
        graph = case.graph()
        for node in graph.nodes:
            io = graph.io(node)
            for card in registry.load(KERNELS, node.op).CARDS:
                if card.misfit(node.attrs, io) is None:
                    found.append((card, node, io))
    return found


@pytest.fixture(scope="module")
def fits() -> list[tuple[Card, Node, Io]]:
    return fitting()


def test_every_card_fits_some_case(fits: list[tuple[Card, Node, Io]]) -> None:
    missing = {card.symbol for _, card in CARDS} - {card.symbol for card, _, _ in fits}
    assert not missing


def test_emitted_fields_are_those_of_the_struct(fits: list[tuple[Card, Node, Io]]) -> None:
    for card, node, io in fits:
        fields = dict(card.emit(node.attrs, io))
        if card.alias:
            assert fields == {}
            continue
        assert_fields(fields, card.params)
        assert bytes_of(fields) > 0
        assert card.cost(node.attrs, io) > 0
        assert card.scratch_bytes(node.attrs, io) >= 0
        assert all(i < len(node.inputs) for i in card.passed(node.attrs, io))


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case_compiles_or_is_refused(case: Any) -> None:
    """No case ends in anything but a package or an UnsupportedError with a remedy."""
    graph = case.graph()
    try:
        package = compile_graph(graph, M4)
    except UnsupportedError as error:
        assert "try:" in str(error)
        assert any(not registry.load(KERNELS, node.op).CARDS for node in graph.nodes)
        return
    lowered = lower(graph, M4, "speed")
    assert package.plan == lowered.plan()
    assert all(step.kernel.startswith("iseul_") for step in package.steps)
