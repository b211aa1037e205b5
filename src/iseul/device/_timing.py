# SPDX-License-Identifier: Apache-2.0
"""What counting needs to know of an instruction set: instruction lengths and modelled cycles.

Modelled cycles are a model, never a measurement: memory without wait states, no interrupts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True)
class CycleModel:
    """One core's model.

    source: where its numbers come from, or that they are assumed
    sizes:  code of a block -> bytes of each instruction
    decode: (code of a block, its address) -> decoded instructions, as the other two take them
    block:  decoded instructions -> cycles, without the refill of a taken branch at the end
    taken:  last decoded instruction -> cycles more if its branch is taken
    """

    source: str
    sizes: Callable[[bytes], list[int]]
    decode: Callable[[bytes, int], Sequence[Any]]
    block: Callable[[Sequence[Any]], int]
    taken: Callable[[Any], int]
