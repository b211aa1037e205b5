# SPDX-License-Identifier: Apache-2.0
"""How to make every number again: commands, the resolved recipe as TOML, versions."""

from __future__ import annotations

import json
import math
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import iseul
from iseul.report.read import as_object, text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.report.read import Run

# what the numbers of a run depend on; read from the installed packages, none is imported
_PACKAGES = ("numpy", "torch", "scikit-learn", "unicorn", "ziglang", "matplotlib")
_NOT_IN_A_RECIPE = ("tiny",)  # a flag; what it changed stands in the resolved recipe already


def reproduce(run: Run) -> dict[str, Any]:
    """Commands, versions and the recipe text. RUN stands for this run's folder."""
    board = text(run.recipe, "board") or text(run.files.get("profile"), "target") or "BOARD"
    compressed = "compress" in run.stages
    commands = []
    if run.recipe:
        tiny = " --tiny" if run.recipe.get("tiny") is True else ""
        commands.append(
            ("every number of this page", f"iseul run RUN/report/recipe.toml{tiny} --out AGAIN")
        )
    if compressed and "profile" in run.files:
        commands.append(
            (
                "instructions, RAM, flash, latency, energy",
                f"iseul profile RUN/compress/model.iseul --target {board}",
            )
        )
    if compressed and "verify" in run.files:
        commands.append(
            (
                "the proof, on fresh random inputs",
                f"iseul verify RUN/compress/model.iseul --target {board} --random 16",
            )
        )
    if compressed:
        commands.append(
            (
                "the C sources",
                f"iseul compile RUN/compress/model.iseul --target {board} --out C",
            )
        )
    commands.append(("this page", "iseul report RUN"))
    return {
        "commands": [{"makes": makes, "command": command} for makes, command in commands],
        "versions": _versions(run),
        "recipe_toml": recipe_toml(run.recipe) if run.recipe else "",
    }


def _versions(run: Run) -> dict[str, str]:
    found = {"iseul": iseul.__version__, "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    profile = as_object(run.files.get("profile"))
    measured = {**as_object(profile.get("tools")), "compiler": profile.get("compiler")}
    return found | {name: said for name, said in measured.items() if isinstance(said, str)}


def recipe_toml(recipe: Mapping[str, Any]) -> str:
    """A resolved recipe as a recipe file that `iseul run` takes: every default filled in."""
    kept = {key: value for key, value in recipe.items() if key not in _NOT_IN_A_RECIPE}
    return "\n".join(_table(kept, "")).strip() + "\n"


def _table(table: Mapping[str, Any], path: str) -> list[str]:
    """Plain keys first, then the tables inside; None means that the key is not set."""
    plain = {k: v for k, v in table.items() if v is not None and not isinstance(v, dict)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in plain.items()]
    if path and (lines or not any(isinstance(v, dict) for v in table.values())):
        lines.insert(0, f"[{path}]")
    lines.append("")
    for key, value in table.items():
        if isinstance(value, dict):
            lines += _table(as_object(value), f"{path}.{_key(key)}" if path else _key(key))
    return lines


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isalnum() and bare.isascii() else json.dumps(key)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, dict):
        inner = ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
        return "{ " + inner + " }"
    if isinstance(value, float) and math.isnan(value):
        return "nan"
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "inf" if value > 0 else "-inf"
    return json.dumps(value, ensure_ascii=False)  # strings, numbers, true and false are TOML too
