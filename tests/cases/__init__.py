# SPDX-License-Identifier: Apache-2.0
"""Named cases of every op, listed once; each judge (numpy, torch, host C, emulator) runs them all.

from cases import all_cases
for case in all_cases():
    graph = case.graph()
    inputs = case.inputs(graph)      # one array (n, *shape) per graph input
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from cases._case import Case

OPS = tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem[0] != "_"))


def cases_of(op: str) -> tuple[Case, ...]:
    """The cases of one op, in the order of its file."""
    found: tuple[Case, ...] = import_module(f"cases.{op}").CASES
    return found


def all_cases() -> list[Case]:
    """The cases of all ops; names are unique."""
    return [case for op in OPS for case in cases_of(op)]


__all__ = ["OPS", "Case", "all_cases", "cases_of"]
