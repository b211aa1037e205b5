# SPDX-License-Identifier: Apache-2.0
"""Walks: where each element of an output stands in its input, as sizes and steps per axis.

A transpose, a slice, a tile, blocks that become channels: all are the output's elements in order
at start + sum of i * step in the input. The fewest axes that say so make the fewest loops.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.graph.ir import Shape


@dataclass(frozen=True)
class Walk:
    """axes: (size, step) outermost first; start and steps in elements of the input."""

    axes: tuple[tuple[int, int], ...]
    start: int = 0

    def merged(self) -> Walk:
        """The same walk with the fewest axes; at least one."""
        found: list[tuple[int, int]] = []
        for size, step in self.axes:
            if size == 1:
                continue
            if found and found[-1][1] == size * step:
                found[-1] = (found[-1][0] * size, step)
            else:
                found.append((size, step))
        return Walk(tuple(found) or ((1, 1),), self.start)

    @property
    def changes_nothing(self) -> bool:
        """Whether the output is the first part of the input, element by element."""
        axes = self.merged().axes
        return self.start == 0 and len(axes) == 1 and axes[0][1] == 1

    def runs(self) -> tuple[Walk, int]:
        """(the walk from run to run, elements of a run): what lies together is one piece."""
        axes = self.merged().axes
        if axes[-1][1] != 1:
            return Walk(axes, self.start), 1
        return Walk(axes[:-1] or ((1, 1),), self.start), axes[-1][0]


def strides(shape: Shape | Sequence[int]) -> list[int]:
    """Elements from one index to the next along each axis of a C-contiguous value."""
    found, step = [], 1
    for size in reversed(shape):
        found.append(step)
        step *= size
    return found[::-1]
