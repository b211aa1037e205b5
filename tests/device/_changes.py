# SPDX-License-Identifier: Apache-2.0
"""Packages with a changed constant, and whether `verify` finds it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from device._nets import samples
from iseul.device.verify import verify_package

if TYPE_CHECKING:
    from collections.abc import Callable

    from iseul.compile import Package


def changed(
    package: Package, node: str, table: str, change: Callable[[list[int]], list[int]]
) -> Package:
    """The package with another table of a node."""
    pattern = re.compile(rf"(// {re.escape(node)}: {table} [^{{]*{{)([^}}]*)(}})")
    files, n_edits = dict(package.files), 0
    for name, text in files.items():
        match = pattern.search(text)
        if match:
            values = change([int(v) for v in re.findall(r"-?\d+", match[2])])
            body = ", ".join(map(str, values))
            files[name] = text[: match.start(2)] + body + text[match.end(2) :]
            n_edits += 1
    assert n_edits == 1
    return replace(package, files=files)


def is_found(package: Package, node: str, n_samples: int, judge: str = "host") -> bool:
    """Whether the difference is found, and at this node."""
    verdict = verify_package(package, samples(package.graph, n_samples), ("numpy", judge))
    return verdict["equal"] is False and verdict["first_difference"]["node"] == node
