# SPDX-License-Identifier: Apache-2.0
"""Which kernel runs a node on a target: the cheapest card that fits, or why there is none.

A card is a candidate if the target has its instruction set and the node breaks none of its
rules. `goal` says what cheapest means: "speed" predicted instructions, "ram" scratch first,
"flash" constants first. Equal cards: the one that stands first in its file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from iseul.compile.emit._c_constants import bytes_of
from iseul.core import registry
from iseul.core.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from iseul.compile.kernels._card import Card
    from iseul.graph.ir import Io, Node
    from iseul.targets import Target

KERNELS = "iseul.compile.kernels"
Goal = Literal["speed", "ram", "flash"]


@dataclass(frozen=True)
class Blocker:
    """Why a node can not run on a target.

    reason: what is, and what must be
    remedy: what to change
    """

    node: Node
    reason: str
    remedy: str

    def __str__(self) -> str:
        text = f'{self.node.op} "{self.node.name}": {self.reason}'
        return f"{text}\n  try: {self.remedy}" if self.remedy else text


def smallest(node: Node, io: Io, target: Target, card: Card) -> Card:
    """The card with the least constants that can stand for another one."""
    found = [c for c in _cards(node.op) if c.isa in target.isas and not c.alias]
    found = [c for c in found if c.misfit(node.attrs, io) is None]
    return min((card, *found), key=lambda c: _price(c, node, io, target, "flash"))


def choose(node: Node, io: Io, target: Target, goal: Goal, can_alias: bool) -> Card | Blocker:
    """The cheapest card for a node.

    can_alias: whether the output may be the input's buffer
    """
    cards = [card for card in _cards(node.op) if card.isa in target.isas]
    empty = [value.name for value in (*io.inputs, *io.outputs) if value.n_elements == 0]
    if not cards or empty:
        found = f'"{empty[0]}" has no elements' if empty else "the op has no kernel"
        return Blocker(node, f"{found} on {target.name}", _remedy(node.op))
    misfits = [card.misfit(node.attrs, io) for card in cards]
    fitting = [card for card, misfit in zip(cards, misfits, strict=True) if misfit is None]
    fitting = [card for card in fitting if can_alias or not card.alias]
    if fitting:
        return min(fitting, key=lambda card: _price(card, node, io, target, goal))
    broken = [misfit for misfit in misfits if misfit is not None]
    # cards that fail early are for other dtypes: those that fit the longest say what is wrong
    nearest = [misfit for misfit in broken if misfit.index == max(m.index for m in broken)]
    rules = " or ".join(dict.fromkeys(misfit.rule for misfit in nearest))
    reason = f"{nearest[0].found}, but {target.name} has kernels only where {rules}"
    return Blocker(node, reason, _remedy(node.op))


def require(blockers: Sequence[Blocker]) -> None:
    """Raise UnsupportedError that lists all blockers, if there are any."""
    if len(blockers) == 1:
        only = blockers[0]
        raise UnsupportedError(f'{only.node.op} "{only.node.name}": {only.reason}', only.remedy)
    if blockers:
        raise UnsupportedError("\n".join(str(blocker) for blocker in blockers))


def _cards(op: str) -> tuple[Card, ...]:
    if op not in registry.names(KERNELS):
        return ()
    cards: tuple[Card, ...] = registry.load(KERNELS, op).CARDS
    return cards


def _remedy(op: str) -> str:
    if op in registry.names(KERNELS):
        given = getattr(registry.load(KERNELS, op), "REMEDY", None)
        if given:
            return str(given)
    return "quantize the model to int8, or take the op out of the model"


def _price(card: Card, node: Node, io: Io, target: Target, goal: Goal) -> tuple[int, ...]:
    cost = card.predicted(node.attrs, io, target.core)
    if goal == "ram":
        return card.scratch_bytes(node.attrs, io), cost
    if goal == "flash":
        return bytes_of(card.emit(node.attrs, io)), cost
    return (cost,)
