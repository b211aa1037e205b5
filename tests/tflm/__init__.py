# SPDX-License-Identifier: Apache-2.0
"""Random one-op models that TensorFlow Lite Micro runs too: `CASES` of each file, by name.

A case is a function of a generator that makes a `Single`. unit/test_tflm.py runs each with
several seeds through both and demands the same bytes.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from tflm._draw import Make, Single


def all_singles() -> dict[str, Make]:
    """{name: function that makes a random one-op model}."""
    found: dict[str, Make] = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        cases: dict[str, Make] = import_module(f"tflm.{path.stem}").CASES
        assert not found.keys() & cases.keys(), path.stem
        found |= cases
    return found


__all__ = ["Make", "Single", "all_singles"]
