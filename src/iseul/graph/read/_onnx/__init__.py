# SPDX-License-Identifier: Apache-2.0
"""ONNX's operators as nodes: group files, each with a dict `CONVERTERS` by ONNX's names.

A new op is one function in a group file and one line of its `CONVERTERS`; ops of another domain
are filed as `domain.Op`. A group may also have `INTEGERS`: functions that take tensors whose
integers stand for reals (DequantizeLinear behind them) and give None where they can not; the
reader then dequantizes and asks the function in `CONVERTERS`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def converters() -> Mapping[str, Any]:
    """{ONNX's name of an op: its converter}, of all group files, sorted by name."""
    return _merged("CONVERTERS")


@cache
def integer_converters() -> Mapping[str, Any]:
    """{ONNX's name of an op: its converter for integers that stand for reals}."""
    return _merged("INTEGERS")


def _merged(table: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        group: Mapping[str, Any] = getattr(import_module(f"{__name__}.{path.stem}"), table, {})
        assert not found.keys() & group.keys(), f"{path.stem}: {found.keys() & group.keys()}"
        found |= group
    return dict(sorted(found.items()))
