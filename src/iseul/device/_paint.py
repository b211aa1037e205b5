# SPDX-License-Identifier: Apache-2.0
"""How many bytes of arena and stack an invoke touches: they are painted, and looked at after it.

A byte that holds the paint was not written, or was written with that very value: two runs with
two paints tell. Inputs are part of the arena, so writing them touches it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from iseul.device._loaded import Loaded

PAINTS = (0xA5, 0x5A)  # no byte keeps both unless nothing wrote it


@dataclass
class Paint:
    """One paint and what it showed.

    arena_bytes: up to the highest byte that changed, in the arena or the guard behind it
    stack_bytes: from the stack's first byte to the lowest byte that changed
    """

    value: int
    arena_bytes: int = 0
    stack_bytes: int = 0

    def arena(self, loaded: Loaded) -> None:
        """Paint the arena, before `init`."""
        loaded.chip.fill(loaded.arena, loaded.arena_bytes + loaded.guard_bytes, self.value)

    def stack(self, loaded: Loaded) -> None:
        """Paint all RAM that is left for the stack, before `invoke`."""
        loaded.chip.fill(loaded.image.ram_end, _room(loaded), self.value)

    def look(self, loaded: Loaded) -> None:
        """See what one invoke changed."""
        chip, n_bytes = loaded.chip, loaded.arena_bytes + loaded.guard_bytes
        arena = chip.changed(loaded.arena, n_bytes, self.value)
        self.arena_bytes = arena[1] + 1 if arena is not None else 0
        stack = chip.changed(loaded.image.ram_end, _room(loaded), self.value)
        self.stack_bytes = _room(loaded) - stack[0] if stack is not None else 0


def _room(loaded: Loaded) -> int:
    return loaded.chip.stack_top - loaded.image.ram_end
