# SPDX-License-Identifier: Apache-2.0
"""TFLite's operators as nodes: group files, each with a dict `CONVERTERS` by TFLite's names.

SAME and VALID become explicit pads; constant inputs such as shapes and paddings become
attributes. A new op is one function in a group file and one line of its `CONVERTERS`; custom
ops are listed as `CUSTOM(name)`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from iseul.graph.read._tflite._operation import Entry


@cache
def converters() -> Mapping[str, Entry]:
    """{TFLite's name of an op: its converter}, of all group files, sorted by name."""
    found: dict[str, Entry] = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        group: Mapping[str, Entry] = import_module(f"{__name__}.{path.stem}").CONVERTERS
        assert not found.keys() & group.keys(), f"{path.stem}: {found.keys() & group.keys()}"
        found |= group
    return dict(sorted(found.items()))
