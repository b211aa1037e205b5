# SPDX-License-Identifier: Apache-2.0
"""A folder is a registry: each module in it without a leading underscore is an entry.

`load("iseul.condense", "random")` imports that one file and checks that it defines the names
which the folder's `REQUIRED` asks for. `KIND` in the folder's `__init__` is what people call
an entry; `HELPERS` names modules of the folder that are no entries (packages whose entries
live beside a few plain modules). Other distributions join through the entry-point group of
the folder's name.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from iseul.core.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from types import ModuleType


@cache
def names(folder: str) -> tuple[str, ...]:
    """Sorted names of the entries of a registry folder such as "iseul.condense"."""
    package = import_module(folder)
    helpers = set(getattr(package, "HELPERS", ()))
    own = {
        path.stem
        for root in package.__path__
        for path in Path(root).glob("*.py")
        if not path.stem.startswith("_") and path.stem not in helpers
    }
    return tuple(sorted(own | {point.name for point in entry_points(group=folder)}))


@cache
def load(folder: str, name: str) -> ModuleType:
    """Import one entry and check that it defines what its folder asks for.

    Raises UsageError for an unknown name (with the closest known one) and for an entry that
    lacks a required name.
    """
    package = import_module(folder)
    kind = getattr(package, "KIND", folder)
    known = names(folder)
    if name not in known:
        raise UsageError(
            f'there is no {kind} "{name}".{did_you_mean(name, known)}',
            f"one of: {', '.join(known)}",
        )
    outside = [point for point in entry_points(group=folder) if point.name == name]
    module: ModuleType = outside[0].load() if outside else import_module(f"{folder}.{name}")
    missing = [need for need in package.REQUIRED if not hasattr(module, need)]
    if missing:
        raise UsageError(f'{kind} "{name}" ({module.__name__}) does not define {missing}')
    return module


def summary(folder: str, name: str) -> str:
    """First line of an entry's docstring: what `iseul list` prints."""
    doc = load(folder, name).__doc__ or ""
    return doc.strip().splitlines()[0] if doc.strip() else ""
