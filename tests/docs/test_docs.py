# SPDX-License-Identifier: Apache-2.0
"""The docs are true: their code runs, and everything public is in them."""

from __future__ import annotations

import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from iseul import catalogue, cli
from iseul.core import errors

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *(ROOT / "docs" / name for name in ("guide.md", "condense.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.name}:{i}", text)
        for page in PAGES
        for i, (kind, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")))
        if kind == language
    ]


def text_of(*names: str) -> str:
    return "\n".join((ROOT / name).read_text(encoding="utf-8") for name in names)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like a clone in which the README's tiny run has been made."""
    folder = tmp_path_factory.mktemp("docs")
    shutil.copytree(ROOT / "recipes", folder / "recipes")
    for name in (".data",):
        if (ROOT / name).is_dir():
            (folder / name).symlink_to(ROOT / name)
    bin_dir = folder / "bin"
    bin_dir.mkdir()
    script = bin_dir / "iseul"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m iseul.cli "$@"\n')
    script.chmod(0o755)
    return folder


def in_checkout(command: list[str], checkout: Path) -> subprocess.CompletedProcess[str]:
    data = os.environ.get("ISEUL_DATA", str(ROOT.parent / "shared" / "data"))
    env = {
        **os.environ,
        "PATH": f"{checkout / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "OMP_NUM_THREADS": "1",
        "ISEUL_DATA": data,
    }
    return subprocess.run(
        command, cwd=checkout, env=env, capture_output=True, text=True, timeout=300
    )


def test_shell_and_python_blocks_run_in_order(checkout: Path) -> None:
    """Shell blocks first (the `make` lines are what CI itself runs), then the Python ones."""
    assert blocks("sh")
    for name, text in blocks("sh"):
        lines = [line for line in text.splitlines() if not line.startswith("make ")]
        if not any(line.strip() for line in lines):
            continue
        done = in_checkout(["sh", "-euc", "\n".join(lines)], checkout)
        assert done.returncode == 0, f"{name}: {done.stderr[-1500:]}"
    for name, text in blocks("python"):
        done = in_checkout([sys.executable, "-W", "error", "-c", text], checkout)
        assert done.returncode == 0, f"{name}: {done.stderr[-1500:]}"


def test_make_targets_in_the_docs_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for _, text in blocks("sh"):
        for target in re.findall(r"^make ([\w-]+)", text, re.M):
            assert re.search(rf"^{target}:", makefile, re.M), target


def test_toml_blocks_parse() -> None:
    for name, text in blocks("toml"):
        assert tomllib.loads(text), name


def test_every_command_and_flag_is_documented() -> None:
    guide = text_of("docs/guide.md")
    for command in cli.app.registered_commands:
        callback: Any = command.callback
        name = command.name or callback.__name__
        assert f"iseul {name}" in guide, f"docs/guide.md does not mention `iseul {name}`"
        for parameter in inspect.signature(callback, eval_str=True).parameters.values():
            option = next((o for o in getattr(parameter.annotation, "__metadata__", ())), None)
            for flag in getattr(option, "param_decls", None) or ():
                assert flag in guide, f"docs/guide.md does not mention {flag} of `iseul {name}`"


def test_every_entry_is_documented() -> None:
    entries = text_of("docs/generated/entries.md")
    for kind, names in catalogue.entries(None).items():
        for name in names:
            assert f"`{name}`" in entries, f"{kind} {name}: run scripts/generate_docs.py"


def test_generated_pages_are_up_to_date() -> None:
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        import generate_docs
    finally:
        sys.path.pop(0)
    for path, text in generate_docs.pages().items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, f"{path}: make docs"


def test_every_error_class_is_documented() -> None:
    guide = text_of("docs/guide.md")
    for name, value in vars(errors).items():
        if inspect.isclass(value) and issubclass(value, errors.IseulError):
            assert name in guide, f"docs/guide.md does not mention {name}"


def test_every_claim_names_a_recipe_and_a_metric() -> None:
    claims = tomllib.loads(text_of("bench/claims.toml"))["claim"]
    assert claims
    for claim in claims:
        assert (ROOT / claim["recipe"]).is_file()
        assert {"name", "metric", "value"} <= claim.keys()
        assert "tolerance" in claim or "at_least" in claim or "at_most" in claim


def test_links_in_the_docs_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target).exists(), f"{page.name} -> {target}"


def test_the_project_speaks_of_itself_alone() -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    ).stdout.splitlines()
    for name in listed:
        path = ROOT / name
        if path.suffix in (".md", ".py", ".toml", ".c", ".h") and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "/home/" not in text or name.startswith("tests/"), name


def test_json_contract_of_list(checkout: Path) -> None:
    done = in_checkout(["iseul", "list", "boards", "--json"], checkout)
    assert "nucleo-l4r5zi" in json.loads(done.stdout)["board"]
