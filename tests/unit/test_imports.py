# SPDX-License-Identifier: Apache-2.0
"""The import order, and what importing Iseul costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import iseul

ORDER = [
    "core",
    "numerics",
    "targets",
    "graph",
    "data",
    "models",
    "train",
    "condense",
    "compress",
    "compile",
    "device",
    "bench",
    "generate",
    "llm",
    "report",
    "pipeline",
    "commands",
    "catalogue",
    "cli",
]
NO_TORCH = ["core", "numerics", "targets", "graph", "compile", "device", "bench", "report"]
SRC = Path(iseul.__file__).parent
FILES = sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")


def room(path: Path) -> str:
    parts = path.relative_to(SRC).parts
    return parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere, type-only imports excepted."""
    found = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    type_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in type_only:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_a_file_imports_only_what_stands_before_it(path: Path) -> None:
    own = ORDER.index(room(path))
    for module in imported(path):
        if module.startswith("iseul.") and module.split(".")[1] in ORDER:
            assert ORDER.index(module.split(".")[1]) <= own, f"{path} imports {module}"


def test_modules_have_no_import_cycle() -> None:
    names = {".".join(("iseul", *p.relative_to(SRC).with_suffix("").parts)): p for p in FILES}
    names = {name.removesuffix(".__init__"): path for name, path in names.items()}
    edges = {name: top_level(path) & names.keys() - {name} for name, path in names.items()}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for other in edges[name]:
            visit(other, (*trail, name))
        done.add(name)

    for name in names:
        visit(name, ())


def top_level(path: Path) -> set[str]:
    """Modules that a file imports when it is loaded."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            # `from package import module` loads the module; its package is not what is meant
            modules = {name for name in inner if (SRC.parent / name.replace(".", "/")).is_dir()}
            modules |= {
                name for name in inner if (SRC.parent / (name.replace(".", "/") + ".py")).is_file()
            }
            found |= modules or {node.module}
    return found


def run(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout


def test_import_iseul_is_quick_and_loads_no_torch() -> None:
    code = (
        "import sys, time; t = time.perf_counter(); import iseul; "
        "print(time.perf_counter() - t, 'torch' in sys.modules, 'numpy' in sys.modules)"
    )
    best = min(run(code).split() for _ in range(3))
    assert float(best[0]) < 0.3
    assert best[1] == "False"


def test_what_a_device_engineer_uses_loads_no_torch() -> None:
    modules = [
        ".".join(("iseul", *path.relative_to(SRC).with_suffix("").parts)).removesuffix(".__init__")
        for path in FILES
        if room(path) in (*NO_TORCH, "commands", "catalogue", "cli")
        and path.name not in ("torch_run.py", "torch_export.py")
    ]
    code = f"import sys, importlib\nfor m in {modules!r}: importlib.import_module(m)\n"
    assert run(code + "print('torch' in sys.modules)").strip() == "False"
