# SPDX-License-Identifier: Apache-2.0
"""What the C files of one model are written from, and how they name its values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from iseul.compile.emit._c_text import C_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile._golden import Golden
    from iseul.compile._package import Step
    from iseul.compile.emit._c_constants import Constants
    from iseul.compile.lower import Lowered
    from iseul.compile.plan import Plan
    from iseul.graph.ir import Graph, Value
    from iseul.targets import Target


@dataclass(frozen=True, eq=False)
class Model:
    """A lowered and planned graph with its C prefix.

    about: what the head of the interface says besides
    """

    name: str
    lowered: Lowered
    plan: Plan
    steps: tuple[Step, ...]
    constants: Constants
    golden: Golden
    target: Target
    about: str = ""

    @property
    def graph(self) -> Graph:
        return self.lowered.graph

    @property
    def upper(self) -> str:
        return self.name.upper()

    @cached_property
    def homes(self) -> dict[str, str]:
        return self.lowered.homes

    @cached_property
    def state_offsets(self) -> dict[str, int]:
        """{state's value: byte offset in m->state}."""
        return state_layout(self.graph)[0]

    @property
    def state_bytes(self) -> int:
        return state_layout(self.graph)[1]

    def values(self, names: Sequence[str]) -> list[Value]:
        return [self.graph.values[name] for name in names]

    def address(self, value: str, const: bool, offset: str = "") -> str:
        """C expression for a pointer to a value's first element, or so many bytes behind it.

        offset: C text of a number, of values that lie in the arena or among the states only
        """
        home = self.homes[value]
        home = self.plan.kept.get(home, home)
        if home in self.constants.operands:
            return f"{self.name}_{self.constants.operands[home]}"
        if home in self.state_offsets:
            base, at = "(uint8_t *)m->state", self.state_offsets[home]
        else:
            base, at = "m->arena", self.plan.offset_of(value)
        return self.pointer(value, const, base, at, offset)

    def pointer(self, value: str, const: bool, base: str, at: int, offset: str = "") -> str:
        """C expression for a pointer of a value's type: `at` and `offset` bytes behind `base`."""
        kind = ("const " if const else "") + C_TYPE[self.graph.values[value].dtype]
        place = f"{at} + {offset}" if offset and at else offset or str(at)
        return f"ISEUL_AT({kind}, {base}, {place})"


def state_layout(graph: Graph) -> tuple[dict[str, int], int]:
    """Byte offsets of the states inside <name>_t, each a multiple of 8, and all their bytes."""
    offsets: dict[str, int] = {}
    end = 0
    for state in graph.states:
        offsets[state.value] = end
        end = -(-(end + graph.values[state.value].n_bytes) // 8) * 8
    return offsets, end


def common_type(values: Sequence[Value]) -> str:
    """C type of what the input or output function points to: void if dtypes differ."""
    kinds = {C_TYPE[value.dtype] for value in values}
    return kinds.pop() if len(kinds) == 1 else "void"
